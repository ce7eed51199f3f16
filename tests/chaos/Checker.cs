namespace DaprShop.Chaos.Tests;

/// <summary>Something that must never be.</summary>
/// <param name="Invariant"><c>I1</c> to <c>I5</c> of the architecture.</param>
/// <param name="About">An order, a product or a member.</param>
/// <param name="What">What is wrong.</param>
public sealed record Violation(string Invariant, string About, string What)
{
    public override string ToString() => $"{Invariant} {About}: {What}";
}

/// <summary>The invariants of the shop, said over what its public and staff APIs show. Pure.</summary>
public static class Checker
{
    private static readonly string[] s_paid = ["confirmed", "shipped", "delivered"];
    private static readonly string[] s_undone = ["rejected", "cancelled"];

    /// <summary>What a member is told of an order, by what happened to it.</summary>
    private static readonly Dictionary<string, string> s_told = new()
    {
        ["confirmed"] = "orderConfirmed",
        ["rejected"] = "orderRejected",
        ["cancelled"] = "orderCancelled",
        ["shipped"] = "orderShipped",
        ["delivered"] = "orderDelivered",
    };

    public static IReadOnlyList<Violation> Check(Facts facts) =>
    [
        .. facts.Stock.SelectMany(product => Stock(product, facts)),
        .. facts.Orders.Values.SelectMany(Money),
        .. facts.Members.SelectMany(member => Progress(member, facts)),
        .. facts.Orders.Values.SelectMany(order => Events(order, facts)),
        .. facts.Members.SelectMany(member => Effects(member, facts)),
        .. facts.Stock.SelectMany(Shown),
        .. facts.Stock.SelectMany(product => Held(product, facts)),
        .. facts.Orders.Values.SelectMany(Held),
    ];

    /// <summary>
    /// Reads and checks until nothing is wrong, and again after a while: what comes late must change nothing for the worse. Parcels are
    /// still on their way then, so each time it may take a while until all is told; what happened once too often stays wrong.
    /// </summary>
    /// <param name="reader">Where the facts come from.</param>
    /// <param name="patience">How long the shop may take to come to rest, each time.</param>
    /// <param name="silence">How long it is left alone then.</param>
    /// <returns>The last facts, and what is wrong with them.</returns>
    public static async Task<(Facts Facts, IReadOnlyList<Violation> Violations)> SettleAsync(
        FactReader reader, TimeSpan patience, TimeSpan silence)
    {
        var first = await UntilNothingIsWrongAsync(reader, patience);
        if (first.Violations.Count > 0) return first;
        await Task.Delay(silence); // nothing is known to happen, so there is nothing to await
        return await UntilNothingIsWrongAsync(reader, patience);
    }

    private static async Task<(Facts Facts, IReadOnlyList<Violation> Violations)> UntilNothingIsWrongAsync(
        FactReader reader, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        while (true)
        {
            var facts = await reader.ReadAsync(limit.Token);
            var violations = Check(facts);
            if (violations.Count == 0 || limit.IsCancellationRequested) return (facts, violations);
            await Task.Delay(500, CancellationToken.None);
        }
    }

    /// <summary>I1: on hand is what was put there less what was sold, and nothing was sold that was not there.</summary>
    private static IEnumerable<Violation> Stock(StockFacts product, Facts facts)
    {
        var sold = Quantity(product.ProductId, facts, order => s_paid.Contains(order.Status));
        var (onHand, reserved) = (product.Stock.OnHand, product.Stock.Reserved);
        if (sold > product.Promised) yield return new("I1", product.ProductId, $"{sold} sold of {product.Promised}");
        if (onHand != product.Promised - sold)
            yield return new("I1", product.ProductId, $"{onHand} on hand after {sold} of {product.Promised} were sold");
        if (reserved < 0 || reserved > onHand) yield return new("I1", product.ProductId, $"{reserved} reserved of {onHand}");
    }

    /// <summary>I2: what is confirmed is paid, once; what is not is not; and the books say the same and balance.</summary>
    private static IEnumerable<Violation> Money(OrderFacts facts)
    {
        if (facts.Order is not { } order) yield break;
        var (captured, refunded) = (facts.Payment?.Captured ?? 0, facts.Payment?.Refunded ?? 0);
        var due = s_paid.Contains(order.Status) ? order.Total.Amount : 0;
        if (captured - refunded != due) yield return new("I2", order.Id, $"is {order.Status}, and {captured} − {refunded} is not {due}");
        if (captured > order.Total.Amount) yield return new("I2", order.Id, $"{captured} captured of {order.Total.Amount}");

        foreach (var posting in facts.Ledger)
            if (posting.Entries.Sum(entry => entry.Amount) is not 0 and var off)
                yield return new("I2", order.Id, $"the {posting.Step} posting is off by {off}");
        foreach (var step in facts.Ledger.GroupBy(posting => posting.Step).Where(step => step.Count() > 1))
            yield return new("I2", order.Id, $"{step.Key} {step.Count()} times");
        var books = facts.Ledger.SelectMany(posting => posting.Entries).ToLookup(entry => entry.Account, entry => entry.Amount);
        if (books["merchantReceivable"].Sum() is var receivable && receivable != due)
            yield return new("I2", order.Id, $"{receivable} receivable, {due} due");
        if (-books["revenue"].Sum() - books["refunds"].Sum() != due)
            yield return new("I2", order.Id, $"revenue {-books["revenue"].Sum()} less refunds {books["refunds"].Sum()} is not {due}");
        if (books["customerAuthorized"].Sum() is not 0 and var held) yield return new("I2", order.Id, $"the books hold {held} on the card");
    }

    /// <summary>I3: every accepted order is there, once, and at rest.</summary>
    private static IEnumerable<Violation> Progress(MemberFacts member, Facts facts)
    {
        foreach (var lost in member.Promised.Orders.Except(member.Listed)) yield return new("I3", lost, "was accepted and is not listed");
        foreach (var extra in member.Listed.Except(member.Promised.Orders)) yield return new("I3", extra, "nobody was answered for");
        foreach (var twice in member.Listed.GroupBy(id => id).Where(id => id.Count() > 1))
            yield return new("I3", twice.Key, "is listed twice");
        foreach (var id in member.Promised.Orders)
        {
            var order = facts.Orders[id].Order;
            if (order is null) yield return new("I3", id, "was accepted and is not there");
            else if (!s_paid.Concat(s_undone).Contains(order.Status)) yield return new("I3", id, $"is still {order.Status}");
            else if (order.Status == "confirmed" && member.Promised.Cancelled.Contains(id))
                yield return new("I3", id, "was cancelled and is confirmed");
            else if (order.Status == "rejected" && order.Reason is null) yield return new("I3", id, "is rejected for no reason");
        }
    }

    /// <summary>I4: the read model is what the events say.</summary>
    private static IEnumerable<Violation> Events(OrderFacts facts, Facts all)
    {
        if (facts.Order is not { } order || facts.History is not [.., var last]) yield break;
        if ((order.Version, order.Status) != (last.Version, last.Status))
            yield return new(
                "I4", order.Id, $"is shown as {order.Status} ({order.Version}); the events say {last.Status} ({last.Version})");
        foreach (var twice in facts.History.GroupBy(happened => happened.Type).Where(type => type.Count() > 1))
            yield return new("I4", order.Id, $"{twice.Key} happened {twice.Count()} times");
        var lists = all.ByStatus.Where(status => status.Contains(order.Id)).Select(status => status.Key).ToList();
        if (lists is not [var one] || one != last.Status)
            yield return new("I4", order.Id, $"is {last.Status} and stands in the lists of [{string.Join(", ", lists)}]");
    }

    /// <summary>I4: a member is told of each thing once, and the basket is emptied of each order once.</summary>
    private static IEnumerable<Violation> Effects(MemberFacts member, Facts facts)
    {
        var own = member.Promised.Orders.Select(id => facts.Orders[id]).ToList();
        var due = own.SelectMany(order => order.History.Select(happened => s_told.GetValueOrDefault(happened.Type)).OfType<string>()
                .Concat(order.Payment?.Status == "refunded" ? ["paymentRefunded"] : []).Select(kind => (kind, (string?)order.Id)))
            .Append(("welcome", null)).ToList();
        var told = member.Notifications.Select(message => (message.Kind, message.OrderId)).ToList();
        foreach (var (kind, orderId) in due.Union(told))
        {
            var (times, expected) = (told.Count(each => each == (kind, orderId)), due.Count(each => each == (kind, orderId)));
            if (times != expected)
                yield return new("I4", orderId ?? member.Promised.Member.Email, $"{kind} was told {times} times, not {expected}");
        }

        foreach (var (productId, quantity) in member.Promised.Basket)
        {
            var ordered = own.SelectMany(order => order.Order?.Items ?? [])
                .Where(line => line.ProductId == productId).Sum(line => line.Quantity);
            var left = member.Basket.GetValueOrDefault(productId);
            if (left != Math.Max(0, quantity - ordered))
                yield return new(
                    "I4", member.Promised.Member.Email, $"{left} {productId} in the basket; it had {quantity}, and {ordered} were ordered");
        }
    }

    /// <summary>I4: the catalogue shows what inventory has.</summary>
    private static IEnumerable<Violation> Shown(StockFacts product)
    {
        if (product.Shown != product.Stock.Available)
            yield return new("I4", product.ProductId, $"{product.Shown} shown as available; there are {product.Stock.Available}");
    }

    /// <summary>I5: at rest no stock is held for anybody.</summary>
    private static IEnumerable<Violation> Held(StockFacts product, Facts facts)
    {
        var open = Quantity(product.ProductId, facts, order => !s_paid.Concat(s_undone).Contains(order.Status));
        if (open == 0 && product.Stock.Reserved != 0)
            yield return new("I5", product.ProductId, $"{product.Stock.Reserved} are held for nobody");
    }

    /// <summary>I5: an order that came to nothing holds no money and no parcel.</summary>
    private static IEnumerable<Violation> Held(OrderFacts facts)
    {
        if (facts.Order is not { } order) yield break;
        if (s_undone.Contains(order.Status))
        {
            if (facts.Payment?.Status is "authorized" or "captured")
                yield return new("I5", order.Id, $"is {order.Status}, and the payment is {facts.Payment.Status}");
            if (facts.Shipment is { Status: not "cancelled" })
                yield return new("I5", order.Id, $"is {order.Status}, and the parcel is {facts.Shipment.Status}");
        }
        else if (s_paid.Contains(order.Status) && facts.Shipment is null or { Status: "cancelled" })
        {
            yield return new("I5", order.Id, $"is {order.Status}, and there is no parcel");
        }
    }

    private static int Quantity(string productId, Facts facts, Func<OrderDoc, bool> which) => facts.Orders.Values
        .Select(each => each.Order).OfType<OrderDoc>().Where(which)
        .SelectMany(order => order.Items).Where(line => line.ProductId == productId).Sum(line => line.Quantity);
}
