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

    /// <summary>Appends what was learned, moves the told position, and answers what the caller has not seen.</summary>
    Task<OrderNews> Record(OrderReport report);

    /// <summary>Turns the order back unless it has left or was rejected; null when there is none.</summary>
    Task<CancelAnswer?> RequestCancel();

    /// <summary>Notes where the parcel is; null when there is no such order. The caller tells others of it, and comes again if it cannot.</summary>
    Task<ShipmentAnswer?> ShipmentMoved(ShipmentMove move);
}

/// <summary>
/// Keeps the stream of one order and decides, one turn at a time, what is appended to it. Turns are short: peers are called by
/// <see cref="OrderDriver"/>, outside of them. While the order is open a periodic reminder stands behind it, so that it reaches rest even
/// if every process dies: a periodic one, because Dapr drops a one-shot reminder after three failures.
/// </summary>
public sealed class OrderActor(ActorHost host, OrderDriver driver, TimeProvider time, OrderingOptions options)
    : Actor(host), IOrderActor, IRemindable
{
    public const string TypeName = "OrderActor";

    private const string StateName = "order";
    private const string Reminder = "drive";

    private static readonly Dictionary<string, OrderEventType[]> s_moves = new()
    {
        ["dispatched"] = [OrderEventType.Shipped],
        // The news of the dispatch may come later than that of the delivery, or never.
        ["delivered"] = [OrderEventType.Shipped, OrderEventType.Delivered],
        ["returned"] = [OrderEventType.Returned],
    };

    private string OrderId => Id.GetId();

    /// <summary>One read, one reminder, one write.</summary>
    public async Task<OrderFile> Submit(Submission submission)
    {
        var opened = OrderFile.Open(submission, time.GetUtcNow());
        var file = await StateManager.GetOrAddStateAsync(StateName, opened);
        if (!ReferenceEquals(file, opened)) return file;
        await RegisterDrive();
        await SaveStateAsync();
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
        var next = file.Learn(OrderId, report.Outcomes);
        if (report.Told > next.Told) next = next with { Told = Math.Min(report.Told, next.Events.Count) };
        await Save(file, next);
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
        var next = file.Learn(OrderId, events);
        if (!file.IsOpen(OrderId)) next = next with { Told = next.Events.Count };
        return new ShipmentAnswer(file.Events.Count, await Save(file, next));
    }

    /// <summary>Asks the driver of this process to see to the order, and returns: a turn never waits for a peer.</summary>
    public async Task ReceiveReminderAsync(string reminderName, byte[] state, TimeSpan dueTime, TimeSpan period)
    {
        if ((await Get())?.IsOpen(OrderId) == true) driver.Resume(OrderId);
        else await UnregisterReminderAsync(Reminder);
    }

    /// <summary>
    /// Saves before anything is answered. The reminder is there before an open order is saved and goes after a closed one is, so an open
    /// order never lacks one; a reminder left behind by a crash in between finds nothing to do and goes.
    /// </summary>
    private async Task<OrderFile> Save(OrderFile before, OrderFile after)
    {
        if (after == before) return after;
        var (wasOpen, isOpen) = (before.IsOpen(OrderId), after.IsOpen(OrderId));
        if (isOpen && !wasOpen) await RegisterDrive();
        await StateManager.SetStateAsync(StateName, after);
        await SaveStateAsync();
        if (wasOpen && !isOpen) await UnregisterReminderAsync(Reminder);
        return after;
    }

    private Task<IActorReminder> RegisterDrive() => RegisterReminderAsync(Reminder, [], options.ReminderPeriod, options.ReminderPeriod);
}
