using System.Diagnostics;
using DaprShop.Testing;

namespace DaprShop.Local.Tests.Cli;

/// <summary>What becomes of processes: of a service that dies, and of everything when the runtime ends, politely or not.</summary>
public sealed class SupervisionTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("daprshop-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task A_dead_service_lives_again_and_a_second_run_is_refused_and_the_end_leaves_nothing()
    {
        await using var runtime = new RuntimeProcess(_data);
        var service = await runtime.ServiceAsync();

        using (var child = runtime.Child()) child.Kill();
        await ShopHost.EventuallyAsync(
            () => Task.FromResult(runtime.Output.Contains("starting it again", StringComparison.Ordinal)), "the report of its death");
        await ShopHost.EventuallyAsync(() => RuntimeProcess.AnswersAsync(service), "its next life");

        await using (var second = new RuntimeProcess(_data))
        {
            Assert.Equal(1, await second.EndedAsync());
            Assert.Contains("another run uses the data directory", second.Output, StringComparison.Ordinal);
        }

        if (OperatingSystem.IsWindows()) return; // no polite signal from another process there
        using var last = runtime.Child();
        using (var term = Process.Start("kill", $"-TERM {runtime.Id}")) await term.WaitForExitAsync();
        Assert.Equal(0, await runtime.EndedAsync());
        Assert.True(last.WaitForExit(TimeSpan.FromSeconds(10)));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_data, "run")));
        Assert.False(await RuntimeProcess.AnswersAsync(service));
    }

    [Fact]
    public async Task A_killed_runtime_takes_its_services_along()
    {
        await using var runtime = new RuntimeProcess(_data);
        await runtime.ServiceAsync();
        using var child = runtime.Child();

        runtime.Kill();

        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await child.WaitForExitAsync(limit.Token);
    }

    [Theory]
    [InlineData("--only", "nobody", "--only: there is no app 'nobody'")]
    [InlineData("--run-file", "nothing.yaml", "nothing.yaml: the run file does not exist")]
    [InlineData("--resources-path", "nowhere", "nowhere: the resources folder does not exist")]
    public async Task A_mistake_is_one_line_and_a_failure(string flag, string value, string message)
    {
        await using var runtime = new RuntimeProcess(_data, flag, value);
        Assert.Equal(1, await runtime.EndedAsync());
        Assert.Contains(message, runtime.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(" at ", runtime.Output, StringComparison.Ordinal);
    }
}
