using System.Threading.Channels;
using DaprShop.Local.ConfigStores;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Local.Tests.ConfigStores;

/// <summary>The file that an operator edits while somebody subscribes to it.</summary>
public sealed class ConfigFileTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task While_it_is_being_written_nothing_has_changed()
    {
        var time = new FakeTimeProvider();
        var (log, changes) = (new Warnings(), Channel.CreateUnbounded<string?>());
        await using var config = new ConfigFile(_file, time, log);
        await File.WriteAllTextAsync(_file, """{"a":"one"}""");
        await config.SubscribeAsync(["a"], async (_, items) => await changes.Writer.WriteAsync(items["a"].Value));

        await File.WriteAllTextAsync(_file, """{"a":""");
        time.Advance(TimeSpan.FromSeconds(1));
        await log.First.Task;
        await File.WriteAllTextAsync(_file, """{"a":"two"}""");
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("two", await changes.Reader.ReadAsync());
    }

    [Fact]
    public async Task Who_is_slow_to_hear_keeps_no_other_from_it()
    {
        var time = new FakeTimeProvider();
        var (never, heard) = (new TaskCompletionSource(), Channel.CreateUnbounded<string?>());
        await File.WriteAllTextAsync(_file, "{}");
        await using var config = new ConfigFile(_file, time, new Warnings());
        for (var i = 0; i < 10; i++) await config.SubscribeAsync([], (_, _) => never.Task);
        await config.SubscribeAsync([], async (_, items) => await heard.Writer.WriteAsync(items["a"].Value));
        for (var i = 0; i < 10; i++) await config.SubscribeAsync([], (_, _) => never.Task);

        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        foreach (var value in (string[])["one", "two"])
        {
            await File.WriteAllTextAsync(_file, $$"""{"a":"{{value}}"}""", limit.Token);
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(value, await heard.Reader.ReadAsync(limit.Token));
        }
        never.SetResult();
    }

    private sealed class Warnings : ILogger
    {
        public TaskCompletionSource First { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => First.TrySetResult();
    }
}
