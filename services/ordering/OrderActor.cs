using Dapr.Actors;
using Dapr.Actors.Runtime;

namespace DaprShop.Ordering;

/// <summary>The turns of one order; the actor id is the order id. JSON in and out, callable from any language. All are idempotent.</summary>
public interface IOrderActor : IActor
{
    /// <summary>Accepts the order unless it is there already; answers it as it is.</summary>
    Task<OrderFile> Submit(Submission submission);

    /// <summary>The order, or null when there is none.</summary>
    Task<OrderFile?> Get();

    /// <summary>Appends what was learned, and answers what the caller has not seen.</summary>
    Task<OrderNews> Record(OrderReport report);

    /// <summary>Turns the order back unless it has left or was rejected; null when there is none.</summary>
    Task<CancelAnswer?> RequestCancel();

    /// <summary>Notes where the parcel is; null when there is no such order. The caller tells others of it, and comes again if it cannot.</summary>
    Task<ShipmentAnswer?> ShipmentMoved(ShipmentMove move);
}

/// <summary>
/// Keeps the stream of one order and decides, one turn at a time, what is appended to it. Turns are short: peers are called by
/// <see cref="OrderDriver"/>, outside of them. A periodic reminder stands behind the order from before it is saved until it is at rest and
/// others have been told, so that it gets there even if every process dies: a periodic one, because Dapr drops a one-shot reminder after
/// three failures. The reminder is the only mark that something may be left to tell; who finds it tells all again, under the same ids.
/// </summary>
public sealed class OrderActor(ActorHost host, OrderDriver driver, OrderMetrics metrics, TimeProvider time, OrderingOptions options)
    : Actor(host), IOrderActor, IRemindable
{
    public const string TypeName = "OrderActor";

    private const string StateName = "order";

    private static readonly Dictionary<string, OrderEventType[]> s_moves = new()
    {
        ["dispatched"] = [OrderEventType.Shipped],
        // The news of the dispatch may come later than that of the delivery, or never.
        ["delivered"] = [OrderEventType.Shipped, OrderEventType.Delivered],
        ["returned"] = [OrderEventType.Shipped, OrderEventType.Returned],
    };

    private string OrderId => Id.GetId();

    /// <summary>One read, one reminder, one write.</summary>
    public async Task<OrderFile> Submit(Submission submission)
    {
        var opened = OrderFile.Open(submission, time.GetUtcNow());
        var file = await StateManager.GetOrAddStateAsync(StateName, opened);
        if (!ReferenceEquals(file, opened)) return file;
        await Remind(opened);
        await SaveStateAsync();
        metrics.Saved(file.Events, before: 0);
        return file;
    }

    public async Task<OrderFile?> Get()
    {
        var state = await StateManager.TryGetStateAsync<OrderFile>(StateName);
        return state.HasValue ? state.Value : null;
    }

    public async Task<OrderNews> Record(OrderReport report)
    {
        var file = await Get() ?? throw new InvalidOperationException("There is no such order.");
        var next = await Save(file, file.Learn(OrderId, report.Outcomes));
        return new OrderNews([.. next.Events.Skip(report.Seen)]);
    }

    public async Task<CancelAnswer?> RequestCancel()
    {
        if (await Get() is not { } file) return null;
        var next = await Save(file, file.Learn(OrderId, [new OrderEvent(OrderEventType.CancelRequested, time.GetUtcNow())]));
        return new CancelAnswer(next.Order(OrderId).Status is OrderStatus.Cancelling or OrderStatus.Cancelled, next);
    }

    public async Task<ShipmentAnswer?> ShipmentMoved(ShipmentMove move)
    {
        if (await Get() is not { } file) return null;
        var events = s_moves.GetValueOrDefault(move.Status, []).Select(type => new OrderEvent(type, time.GetUtcNow()));
        return new ShipmentAnswer(file.Events.Count, await Save(file, file.Learn(OrderId, events)));
    }

    /// <summary>Asks the driver of this process to see to the order, and returns: a turn never waits for a peer.</summary>
    public async Task ReceiveReminderAsync(string reminderName, byte[] state, TimeSpan dueTime, TimeSpan period)
    {
        if (await Get() is null) await UnregisterReminderAsync(reminderName);
        else driver.Resume(OrderId);
    }

    /// <summary>
    /// Each turn reads what is stored. When a sidecar dies alone, its actors go to other replicas and come back, and nobody tells the app,
    /// which still has them in memory as they were.
    /// </summary>
    protected override Task OnPreActorMethodAsync(ActorMethodContext actorMethodContext) => StateManager.ClearCacheAsync();

    /// <summary>
    /// Saves before anything is answered. The reminder is there before an open order is saved, so an open order never lacks one; a reminder
    /// left behind by a crash in between finds no order and goes.
    /// </summary>
    private async Task<OrderFile> Save(OrderFile before, OrderFile after)
    {
        if (after == before) return after;
        if (after.IsOpen(OrderId) && !before.IsOpen(OrderId)) await Remind(after);
        await StateManager.SetStateAsync(StateName, after);
        await SaveStateAsync();
        metrics.Saved(after.Events, before.Events.Count);
        return after;
    }

    private Task<IActorReminder> Remind(OrderFile file) =>
        RegisterReminderAsync(OrderReminders.NameFor(file.Order(OrderId)), [], options.ReminderPeriod, options.ReminderPeriod);
}
