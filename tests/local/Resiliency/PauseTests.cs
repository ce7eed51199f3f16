using DaprShop.Local.PubSub;
using DaprShop.Local.Resiliency;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Local.Tests.Resiliency;

/// <summary>Longer than the 49 days that a timer can be set to.</summary>
public sealed class PauseTests
{
    private static readonly TimeSpan s_long = TimeSpan.FromDays(100);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task A_pause_may_be_long()
    {
        var pause = Pause.ForAsync(s_long, _time, TestContext.Current.CancellationToken);
        _time.Advance(s_long - TimeSpan.FromHours(1));
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.False(pause.IsCompleted);
        await PassAsync(pause);
    }

    [Fact]
    public async Task A_message_may_come_again_much_later()
    {
        var queue = new Shelf(_time);
        queue.TryAgain(new LogMessage(1, new Envelope(default, false, null, null)), s_long);
        Assert.Equal(0, queue.Count);
        _time.Advance(s_long);
        await PassAsync(queue.FilledAsync());
    }

    /// <summary>Time goes on.</summary>
    private async Task PassAsync(Task until)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!until.IsCompleted)
        {
            limit.Token.ThrowIfCancellationRequested();
            _time.Advance(TimeSpan.FromHours(1));
            await Task.Delay(5, limit.Token);
        }
        await until;
    }

    private sealed class Shelf(TimeProvider time) : MessageQueue("pubsub", "topic", "app", time)
    {
        public int Count
        {
            get
            {
                lock (Gate) return Ready;
            }
        }

        public async Task FilledAsync()
        {
            while (Count == 0) await Task.Delay(5);
        }

        public override void Done(BrokerMessage message)
        {
        }

        public override Task MoveAsync(BrokerMessage message, string topic, CancellationToken cancellation = default) => Task.CompletedTask;
    }
}
