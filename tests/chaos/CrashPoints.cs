namespace DaprShop.Chaos.Tests;

/// <summary>What is done to an order to get to a point.</summary>
public enum Act
{
    /// <summary>It is placed, and will be confirmed.</summary>
    Order,

    /// <summary>It is placed, and the card will be declined.</summary>
    OrderDeclined,

    /// <summary>It is confirmed, and is cancelled.</summary>
    Cancel,

    /// <summary>It is confirmed, and its parcel is sent off.</summary>
    Dispatch,
}

/// <summary>A point at which a process dies.</summary>
/// <param name="Name">What it is called when something is wrong.</param>
/// <param name="Act">What leads there.</param>
/// <param name="Fault">The row of the fault file that kills the process there.</param>
/// <param name="Counts">Only the n-th such call is the point, so that no other order may be on its way.</param>
public sealed record CrashPoint(string Name, Act Act, string Fault, bool Counts = false);

/// <summary>The table: every call of the saga, forwards and back, at each moment; and every other write and message of an order.</summary>
public static class CrashPoints
{
    /// <summary>A step of the saga.</summary>
    /// <param name="Name">The step.</param>
    /// <param name="Participant">Who takes it.</param>
    /// <param name="Call">The request.</param>
    /// <param name="Save">What the participant saves.</param>
    /// <param name="Act">What leads there.</param>
    /// <param name="Saves">How often the participant has saved the like of it for the order before.</param>
    private sealed record Step(string Name, string Participant, string Call, string Save, Act Act, int Saves = 0);

    private static readonly Step[] s_steps =
    [
        new("reserve stock", "inventory", "POST /internal/reservations/*", "inventory-store/claim/*", Act.Order),
        new("authorise payment", "payment", "POST /internal/payments/*/authorize", "payment-store/ledger/*/authorized", Act.Order),
        new("create shipment", "shipping", "PUT /internal/shipments/*", "shipping-store/shipment/*", Act.Order),
        new("capture payment", "payment", "POST /internal/payments/*/capture", "payment-store/ledger/*/captured", Act.Order),
        new("commit stock", "inventory", "POST /internal/reservations/*/commit", "inventory-store/claim/*", Act.Order, Saves: 1),
        new("cancel shipment", "shipping", "POST /internal/shipments/*/cancel", "shipping-store/shipment/*", Act.Cancel),
        new("refund payment", "payment", "POST /internal/payments/*/reverse", "payment-store/ledger/*/refunded", Act.Cancel),
        new("put stock back", "inventory", "POST /internal/reservations/*/release", "inventory-store/claim/*", Act.Cancel),
        new("bar payment", "payment", "POST /internal/payments/*/reverse", "payment-store/payment/*", Act.OrderDeclined),
        new("release stock", "inventory", "POST /internal/reservations/*/release", "inventory-store/claim/*", Act.OrderDeclined, Saves: 1),
    ];

    /// <summary>A call of another kind, at which the app dies before it is carried out, or after that and before it hears so.</summary>
    private sealed record Moment(string App, string On, string Match, Act Act);

    private static readonly Moment[] s_moments =
    [
        new("ordering", "write", "ordering-store/idem/*", Act.Order),
        new("ordering", "turn", "OrderActor/*/Submit", Act.Order),
        new("ordering", "remind", "register OrderActor/*/drive", Act.Order),
        new("ordering", "write", "OrderActor/*", Act.Order),
        new("ordering", "publish", "orders.submitted", Act.Order),
        new("ordering", "turn", "OrderActor/*/Record", Act.Order),
        new("ordering", "publish", "orders.confirmed", Act.Order),
        new("ordering", "write", "ordering-store/view/*", Act.Order),
        new("ordering", "remind", "unregister OrderActor/*/drive", Act.Order),
        new("ordering", "turn", "OrderActor/*/remind/drive", Act.Order),
        new("ordering", "publish", "orders.rejected", Act.OrderDeclined),
        new("ordering", "turn", "OrderActor/*/RequestCancel", Act.Cancel),
        new("ordering", "write", "OrderActor/*", Act.Cancel),
        new("ordering", "remind", "register OrderActor/*/undo", Act.Cancel),
        new("ordering", "publish", "orders.cancelled", Act.Cancel),
        new("ordering", "remind", "unregister OrderActor/*/undo", Act.Cancel),
        new("payment", "publish", "payment.authorized", Act.Order),
        new("payment", "publish", "payment.captured", Act.Order),
        new("payment", "publish", "payment.declined", Act.OrderDeclined),
        new("payment", "publish", "payment.refunded", Act.Cancel),
        new("inventory", "publish", "inventory.stock-changed", Act.Order),
        new("basket", "deliver", "POST /events/orders.submitted", Act.Order),
        new("basket", "write", "basket-store/member/*", Act.Order),
        new("notification", "deliver", "POST /events/orders.confirmed", Act.Order),
        new("notification", "write", "notification-store/inbox/*", Act.Order),
        new("notification", "write", "notification-store/inbox/*", Act.Cancel),
        new("shipping", "deliver", "POST /events/orders.confirmed", Act.Order),
        new("shipping", "write", "CourierActor/*", Act.Order),
        new("shipping", "write", "shipping-store/shipment/*", Act.Dispatch),
        new("shipping", "publish", "shipping.dispatched", Act.Dispatch),
        new("shipping", "write", "CourierActor/*", Act.Dispatch),
        new("ordering", "deliver", "POST /events/shipping.dispatched", Act.Dispatch),
        new("ordering", "turn", "OrderActor/*/ShipmentMoved", Act.Dispatch),
        new("ordering", "publish", "orders.shipped", Act.Dispatch),
        new("catalog", "deliver", "POST /events/inventory.stock-changed", Act.Order),
    ];

    public static IReadOnlyList<CrashPoint> All { get; } = [.. s_steps.SelectMany(Points).Concat(s_moments.SelectMany(Points))];

    private static IEnumerable<CrashPoint> Points(Step step)
    {
        var (who, call) = (step.Participant, $"app: {step.Participant}, on: invoke, match: '{step.Call}', do: kill");
        CrashPoint Point(string moment, string fault) => new($"{step.Name}: {moment}", step.Act, fault);
        yield return Point("ordering dies before it asks", $"{call}, target: ordering");
        yield return Point($"{who} dies before it hears", call);
        yield return Point(
            $"{who} dies when it has saved, before it tells anyone",
            $"app: {who}, on: write, match: '{step.Save}', when: after, do: kill, skip: {step.Saves}") with
        { Counts = step.Saves > 0 };
        yield return Point($"{who} dies when it is done, before it answers", $"{call}, when: after");
        yield return Point("ordering dies before it hears the answer", $"{call}, when: after, target: ordering");
    }

    private static IEnumerable<CrashPoint> Points(Moment at) => new[] { "before", "after" }.Select(when => new CrashPoint(
        $"{at.Act}: {at.App} dies {when} {at.On} {at.Match}", at.Act,
        $"app: {at.App}, on: {at.On}, match: '{at.Match}', when: {when}, do: kill"));
}
