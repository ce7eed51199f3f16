using System.Collections.Concurrent;
using System.Text;
using DaprShop.Local.Configuration;
using DaprShop.Local.Hosting;
using DaprShop.Local.PubSub;
using DaprShop.Testing;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Local.Tests.PubSub;

/// <summary>
/// What the broker's log promises when its process is killed at the worst moments. A kill is a copy of the files of a running broker,
/// opened by another: it holds what was flushed at that instant and nothing else. Time stands still, so nothing is flushed by itself.
/// </summary>
public sealed class BrokerTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("broker-");
    private readonly FakeTimeProvider _clock = new();
    private int _lives;

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Killed_after_the_acknowledgement_and_before_delivery_it_delivers_in_its_next_life()
    {
        await using var broker = Open();
        await broker.QueueAsync("pubsub", "t", "app");
        await PublishAsync(broker, 0, 500);
        await using var next = Kill();
        Assert.Equal(("pubsub", "t", "app", 500), Assert.Single(next.Depths()));

        var consumer = new Recorder();
        (await next.QueueAsync("pubsub", "t", "app")).Attach(consumer);
        await ShopHost.EventuallyAsync(() => Task.FromResult(consumer.Taken.Count == 500));
        Assert.Equal(Enumerable.Range(0, 500), consumer.Taken.Order());
    }

    [Fact]
    public async Task Killed_after_delivery_and_before_the_removal_is_on_disk_it_delivers_again_and_loses_nothing()
    {
        await using var broker = Open();
        var queue = await broker.QueueAsync("pubsub", "t", "app");
        await PublishAsync(broker, 0, 3);
        var consumer = new Recorder();
        queue.Attach(consumer);
        await ShopHost.EventuallyAsync(() => Task.FromResult(queue.Depth == 0));

        await using var killed = Kill();
        Assert.Equal(3, Assert.Single(killed.Depths()).Depth);

        _clock.Advance(TimeSpan.FromSeconds(1));
        await PublishAsync(broker, 3, 1);
        await ShopHost.EventuallyAsync(() => Task.FromResult(queue.Depth == 0));
        await using var later = Kill();
        Assert.Equal(1, Assert.Single(later.Depths()).Depth);
    }

    [Fact]
    public async Task Killed_around_a_dead_letter_it_has_the_message_in_exactly_one_queue()
    {
        await using var broker = Open();
        var queue = await broker.QueueAsync("pubsub", "t", "app");
        await broker.QueueAsync("pubsub", "dead", "app");
        await PublishAsync(broker, 0, 1);
        var moved = new TaskCompletionSource();
        queue.Attach(new Recorder(async message =>
        {
            await queue.MoveAsync(message, "dead");
            moved.SetResult();
        }));
        await moved.Task;
        await using var next = Kill();
        Assert.Equal([("dead", 1), ("t", 0)], next.Depths().Select(depth => (depth.Topic, depth.Depth)).Order());
    }

    [Fact]
    public async Task A_closed_broker_remembers_what_was_taken()
    {
        var broker = Open();
        var queue = await broker.QueueAsync("pubsub", "t", "app");
        queue.Attach(new Recorder());
        await PublishAsync(broker, 0, 10);
        await ShopHost.EventuallyAsync(() => Task.FromResult(queue.Depth == 0));
        await broker.DisposeAsync();
        await using var next = Open();
        Assert.Equal(0, Assert.Single(next.Depths()).Depth);
    }

    [Fact]
    public async Task A_backlog_beyond_memory_is_delivered_once_each_while_more_arrives()
    {
        const int backlog = 6000;
        await using var broker = Open();
        var queue = await broker.QueueAsync("pubsub", "t", "app");
        await broker.QueueAsync("pubsub", "other", "app");
        await PublishAsync(broker, 0, backlog);
        var consumer = new Recorder();
        queue.Attach(consumer);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => PublishAsync(broker, backlog + i * 10, 10)));
        await ShopHost.EventuallyAsync(() => Task.FromResult(queue.Depth == 0));
        Assert.Equal(Enumerable.Range(0, backlog + 200), consumer.Taken.Order());
    }

    [Fact]
    public async Task Replicas_compete_and_one_that_goes_leaves_its_share_to_the_other()
    {
        await using var broker = Open();
        var queue = await broker.QueueAsync("pubsub", "t", "app");
        var (a, b) = (new Recorder(), new Recorder());
        queue.Attach(a);
        queue.Attach(b);
        await PublishAsync(broker, 0, 200);
        await ShopHost.EventuallyAsync(() => Task.FromResult(queue.Depth == 0));
        Assert.NotEmpty(a.Taken);
        Assert.NotEmpty(b.Taken);
        Assert.Equal(Enumerable.Range(0, 200), a.Taken.Concat(b.Taken).Order());

        queue.Detach(a);
        await PublishAsync(broker, 200, 50);
        await ShopHost.EventuallyAsync(() => Task.FromResult(queue.Depth == 0));
        Assert.Equal(Enumerable.Range(0, 250), a.Taken.Concat(b.Taken).Order());
        Assert.All(Enumerable.Range(200, 50), number => Assert.Contains(number, b.Taken));
    }

    [Fact]
    public async Task No_more_deliveries_run_at_once_than_the_consumer_allows()
    {
        await using var broker = Open();
        var queue = await broker.QueueAsync("pubsub", "t", "app");
        var (running, most) = (0, 0);
        var gate = new SemaphoreSlim(0);
        queue.Attach(new Recorder(async message =>
        {
            var now = Interlocked.Increment(ref running);
            lock (gate) most = Math.Max(most, now);
            await gate.WaitAsync();
            Interlocked.Decrement(ref running);
            queue.Done(message);
        }));
        await PublishAsync(broker, 0, 50);
        await ShopHost.EventuallyAsync(() => Task.FromResult(Volatile.Read(ref running) == Recorder.Limit));
        gate.Release(50);
        await ShopHost.EventuallyAsync(() => Task.FromResult(queue.Depth == 0));
        Assert.Equal(Recorder.Limit, most);
    }

    [Fact]
    public async Task A_topic_without_queues_costs_no_write()
    {
        await using var broker = Open();
        var before = new FileInfo(Path.Combine(_directory.FullName, "0", "broker.db-wal")).Length;
        await PublishAsync(broker, 0, 100);
        Assert.Equal(before, new FileInfo(Path.Combine(_directory.FullName, "0", "broker.db-wal")).Length);
    }

    private Broker Open(int life = 0) => new(new DataDirectory(Path.Combine(_directory.FullName, $"{life}")), _clock);

    private Broker Kill()
    {
        var life = ++_lives;
        var copy = _directory.CreateSubdirectory($"{life}");
        foreach (var file in new[] { "broker.db", "broker.db-wal" })
            File.Copy(Path.Combine(_directory.FullName, "0", file), Path.Combine(copy.FullName, file));
        return Open(life);
    }

    private static Task PublishAsync(Broker broker, int first, int count) => broker.PublishAsync(
        "pubsub", "t",
        [.. Enumerable.Range(first, count).Select(number => new Envelope(Encoding.UTF8.GetBytes($"{number}"), false, null, null))]);

    /// <summary>Takes every message, or does with it what the test says.</summary>
    private sealed class Recorder(Func<BrokerMessage, Task>? handle = null) : IConsumer
    {
        public const int Limit = 4;

        public ConcurrentBag<int> Taken { get; } = [];

        public int Concurrency => Limit;

        public BulkSubscribe? Bulk => null;

        public async Task DeliverAsync(MessageQueue queue, BrokerMessage message)
        {
            await Task.Yield();
            Taken.Add(int.Parse(message.Envelope.Data.Span));
            if (handle is not null) await handle(message);
            else queue.Done(message);
        }

        public Task DeliverAsync(MessageQueue queue, IReadOnlyList<BrokerMessage> messages) => throw new NotSupportedException();
    }
}
