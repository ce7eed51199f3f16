using System.Collections.Concurrent;
using Dapr.Client;
using DaprShop.Common;

namespace DaprShop.Ordering;

/// <summary>
/// Drives open orders to rest, outside of their actors' turns: asks the saga for the next step, calls the peer, has the actor record the
/// outcome, tells others what was recorded; until there is nothing left to do. One run an order in this process; should another replica
/// drive the same order too, all is idempotent. A run that stops half-way is taken up again by the order's reminder.
/// <para>
/// Sidecar calls for an order without trouble, from POST to rest: catalog, rates, book read, book write, submit (within it: state read,
/// reminder, state write); reserve, authorise, ship, capture ‖ commit, each but the last two followed by a turn of its own with one state
/// write (4 turns); 2 publishes; the closing turn (state write, reminder). That is 26, and the projector's share of its batches.
/// </para>
/// </summary>
public sealed class OrderDriver(
    OrderActors actors, SagaCalls calls, DaprClient dapr, OrderProjector projector,
    OrderingOptions options, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<OrderDriver> logger) : IDisposable
{
    private static readonly TimeSpan s_tellTimeout = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, int> _asked = new();
    private readonly SemaphoreSlim _slots = new(options.MaxConcurrentOrders);

    /// <summary>Something has changed: drives the order from here, or has the run that is on its way look again.</summary>
    /// <param name="orderId">The order.</param>
    /// <param name="file">The order as it is now, if known.</param>
    public void Drive(string orderId, OrderFile? file = null)
    {
        if (_asked.AddOrUpdate(orderId, 1, (_, times) => times + 1) == 1) _ = Run(orderId, file);
    }

    /// <summary>Drives the order unless that is going on already.</summary>
    public void Resume(string orderId)
    {
        if (_asked.TryAdd(orderId, 1)) _ = Run(orderId, null);
    }

    public void Dispose() => _slots.Dispose();

    private async Task Run(string orderId, OrderFile? file)
    {
        await Task.Yield();
        using var scope = logger.BeginScope("Order {OrderId}", orderId);
        int asked;
        do
        {
            asked = _asked[orderId];
            try
            {
                await _slots.WaitAsync(lifetime.ApplicationStopping);
                try
                {
                    await DriveOnce(orderId, file, () => _asked[orderId] != asked, lifetime.ApplicationStopping);
                }
                finally
                {
                    _slots.Release();
                }
            }
            catch (Exception) when (lifetime.ApplicationStopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                logger.LogWarning(error, "Order {OrderId} is left to its reminder", orderId);
            }
            file = null;
        }
        while (!_asked.TryRemove(new(orderId, asked)));
    }

    private async Task DriveOnce(string orderId, OrderFile? known, Func<bool> hasChanged, CancellationToken stopping)
    {
        if ((known ?? await actors.Get(orderId)) is not { } file) return;
        var order = file.Order(orderId);
        var told = Tell(Task.CompletedTask, file, order, file.Told, stopping);
        var failures = 0;
        while (Saga.Next(order) is { Count: > 0 } steps)
        {
            var before = order;
            (file, order) = await Step(steps, file, order, stopping);
            if (order.Version > before.Version)
            {
                failures = 0;
                told = Tell(told, file, order, before.Version, stopping);
                continue;
            }
            var pause = options.FirstRetry * Math.Pow(2, failures++);
            // The way back has no deadline: the reminder comes again, for ever.
            if (hasChanged() || (order.Status == OrderStatus.Cancelling && pause > options.LongestRetry)) break;
            await Task.Delay(pause < options.LongestRetry ? pause : options.LongestRetry, time, stopping);
        }
        await told;
        if (file.Told < order.Version) await actors.Record(orderId, new OrderReport([], order.Version, order.Version));
    }

    /// <summary>Takes the steps side by side and has the actor record what is known of them; the same order again when nothing is.</summary>
    private async Task<(OrderFile File, Order Order)> Step(
        IReadOnlyList<SagaStep> steps, OrderFile file, Order order, CancellationToken stopping)
    {
        var answers = await Task.WhenAll(steps.Select(step => calls.Try(step, order, file, stopping)));
        List<OrderEvent> outcomes = [.. answers.OfType<OrderEvent>()];
        if (outcomes.Count == 0 && Saga.Deadline(order, options.StepBudget) <= time.GetUtcNow())
            outcomes.Add(Saga.GiveUp(order, time.GetUtcNow()));
        if (outcomes.Count == 0) return (file, order);

        var news = await actors.Record(order.Id, new OrderReport(outcomes, file.Told, order.Version));
        file = file with { Events = [.. file.Events, .. news.Events] };
        return (file, file.Order(order.Id));
    }

    /// <summary>Publishes the events after <paramref name="since"/>, in order, and has the order projected as it is now.</summary>
    private async Task Tell(Task before, OrderFile file, Order order, int since, CancellationToken stopping)
    {
        var projected = projector.Project(OrderView.Of(order, file.ShippingAddress), soon: order.Status.IsRest());
        await before;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(s_tellTimeout);
        foreach (var (topic, changed) in OrderAnnouncement.After(since, order.Id, file.Events))
            await dapr.PublishAsync(topic, changed.EventId, changed, limit.Token);
        await projected.WaitAsync(limit.Token);
    }
}
