using System.Collections.Concurrent;
using DaprShop.Common;

namespace DaprShop.Ordering;

/// <summary>
/// Drives open orders to rest, outside of their actors' turns: asks the saga for the next step, calls the peer, has the actor record the
/// outcome, tells others what was recorded; until there is nothing left to do. One run an order in this process; should another replica
/// drive the same order too, all is idempotent. A run that stops half-way is taken up again by the order's reminder. Outcomes are recorded
/// when the order turns back, comes to rest, or has to wait for a step: a run that dies before that is repeated, and gets the same answers.
/// A service that is asked to end lets its runs come to their end, if nothing keeps them.
/// <para>
/// Sidecar calls for an order without trouble, from POST to rest: catalog, rates (mostly known), key, submit (within it: state read,
/// reminder, state write); reserve, authorise, ship, capture ‖ commit; one turn that records them (state read and write); 2 publishes,
/// shared with other orders under load; the reminder's removal. That is 16, and the projector's share of its batches.
/// </para>
/// </summary>
public sealed class OrderDriver(
    OrderActors actors, OrderReminders reminders, SagaCalls calls, EventPublisher publisher, OrderProjector projector,
    OrderingOptions options, TimeProvider time, ILogger<OrderDriver> logger) : IHostedService, IDisposable
{
    private static readonly TimeSpan s_tellTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_lastRuns = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, int> _asked = new();
    private readonly SemaphoreSlim _slots = new(options.MaxConcurrentOrders);
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _lastEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Runs under way; the service counts as one until it is asked to end.</summary>
    private int _running = 1;
    private volatile bool _ending;

    /// <summary>Something has changed: drives the order from here, or has the run that is on its way look again.</summary>
    /// <param name="orderId">The order.</param>
    /// <param name="file">The order as it is now, if known.</param>
    public void Drive(string orderId, OrderFile? file = null)
    {
        if (_asked.AddOrUpdate(orderId, 1, (_, times) => times + 1) == 1) _ = Begin(orderId, file);
    }

    /// <summary>Drives the order unless that is going on already.</summary>
    public void Resume(string orderId)
    {
        if (_asked.TryAdd(orderId, 1)) _ = Begin(orderId, null);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>No request is in flight any more. Runs that wait for something, or take too long, are left to the reminder.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _ending = true;
        End();
        await _lastEnded.Task.WaitAsync(s_lastRuns, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _stopping.CancelAsync();
    }

    public void Dispose()
    {
        _slots.Dispose();
        _stopping.Dispose();
    }

    private async Task Begin(string orderId, OrderFile? file)
    {
        Interlocked.Increment(ref _running);
        try
        {
            await Run(orderId, file);
        }
        finally
        {
            End();
        }
    }

    private void End()
    {
        if (Interlocked.Decrement(ref _running) == 0) _lastEnded.TrySetResult();
    }

    private async Task Run(string orderId, OrderFile? file)
    {
        await Task.Yield();
        var stopping = _stopping.Token;
        var trip = new Trip(orderId, file);
        using var scope = logger.BeginScope("Order {OrderId}", orderId);
        int asked;
        do
        {
            asked = _asked[orderId];
            try
            {
                await _slots.WaitAsync(stopping);
                try
                {
                    await DriveOnce(trip, () => _asked[orderId] != asked, stopping);
                }
                finally
                {
                    _slots.Release();
                }
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                logger.LogWarning(error, "Order {OrderId} is left to its reminder", orderId);
                trip.Told = 0;
            }
        }
        while (!_asked.TryRemove(new(orderId, asked)));
    }

    private async Task DriveOnce(Trip trip, Func<bool> hasChanged, CancellationToken stopping)
    {
        var known = trip.File ?? await actors.Get(trip.OrderId);
        trip.File = null;
        if (known is null) return;
        var begun = time.GetUtcNow();
        var progress = new OrderProgress(trip.OrderId, known);
        var telling = Tell(Task.CompletedTask, trip, progress, stopping);
        var failures = 0;
        while (true)
        {
            if (progress.IsAtTurn) telling = await Record(telling, trip, progress, stopping);
            if (Saga.Next(progress.Order) is not { Count: > 0 } steps) break;

            var before = progress.Order.Version;
            var answers = Ask(steps, progress, stopping);
            // Who has to wait leaves word of how far the order has come.
            if (!progress.IsRecorded && !await IsSoon(answers)) telling = await Record(telling, trip, progress, stopping);
            progress.Learn(await answers);
            if (progress.Order.Version == before && Saga.Deadline(progress.Order, begun, options.StepBudget) <= time.GetUtcNow())
                progress.Learn([Saga.GiveUp(progress.Order, time.GetUtcNow())]);
            if (progress.Order.Version > before)
            {
                failures = 0;
                continue;
            }
            if (!progress.IsRecorded) telling = await Record(telling, trip, progress, stopping);
            var pause = options.FirstRetry * Math.Pow(2, failures++);
            // The way back has no deadline: the reminder comes again, for ever.
            if (_ending || hasChanged() || (progress.Order.Status == OrderStatus.Cancelling && pause > options.LongestRetry)) break;
            await Task.Delay(pause < options.LongestRetry ? pause : options.LongestRetry, time, stopping);
        }
        if (!progress.IsRecorded) telling = await Record(telling, trip, progress, stopping);
        await telling;
        if (progress.Order.Status.IsRest()) await reminders.Remove(progress.Order);
    }

    /// <summary>Takes the steps side by side; answers what is known of them.</summary>
    private async Task<IEnumerable<OrderEvent>> Ask(IReadOnlyList<SagaStep> steps, OrderProgress progress, CancellationToken stopping)
    {
        var (order, file) = (progress.Order, progress.Recorded);
        return steps is [var only]
            ? await calls.Try(only, order, file, stopping) is { } outcome ? [outcome] : []
            : (await Task.WhenAll(steps.Select(step => calls.Try(step, order, file, stopping)))).OfType<OrderEvent>();
    }

    private async Task<bool> IsSoon(Task task)
    {
        using var limit = new CancellationTokenSource();
        var soon = await Task.WhenAny(task, Task.Delay(options.RecordingPatience, time, limit.Token)) == task;
        await limit.CancelAsync();
        return soon;
    }

    private async Task<Task> Record(Task telling, Trip trip, OrderProgress progress, CancellationToken stopping)
    {
        progress.Take(await actors.Record(trip.OrderId, progress.Report()));
        return Tell(telling, trip, progress, stopping);
    }

    /// <summary>Publishes the events that this run has not told of yet, in order, and has the order projected as it is recorded now.</summary>
    private async Task Tell(Task before, Trip trip, OrderProgress progress, CancellationToken stopping)
    {
        var (order, events, since) = (progress.Order, progress.Recorded.Events, trip.Told);
        trip.Told = events.Count;
        var projected = projector.Project(OrderView.Of(order, progress.Recorded.ShippingAddress), soon: order.Status.IsRest());
        await before;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(s_tellTimeout);
        foreach (var (topic, changed) in OrderAnnouncement.After(since, order.Id, events))
            await publisher.PublishAsync(topic, changed.EventId, changed, limit.Token);
        await projected.WaitAsync(limit.Token);
    }

    /// <summary>One order's way in this process.</summary>
    private sealed class Trip(string orderId, OrderFile? file)
    {
        public string OrderId => orderId;

        /// <summary>The order as it is now, if that is known.</summary>
        public OrderFile? File { get; set; } = file;

        /// <summary>The version up to which this run has told others; a run that begins tells all again.</summary>
        public int Told { get; set; }
    }
}
