using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Basket;

/// <summary>What somebody means to buy: document <c>member/{memberId}</c> or <c>guest/{basketId}</c>. Quantities are 1 to 99.</summary>
/// <param name="Lines">In the order they came; one for a product.</param>
/// <param name="Done">The orders taken out and the operations added; each works once.</param>
/// <param name="Leaving">What a guest's basket has set aside for a member's.</param>
public sealed record Basket(IReadOnlyList<StockLine> Lines, RecentIds Done, Departure? Leaving = null)
{
    public const int MaxQuantity = 99;
    public const int MaxLines = 100;

    public static Basket Empty { get; } = new([], RecentIds.None);

    public bool HasRoomFor(string productId) => Lines.Count < MaxLines || IndexOf(productId) >= 0;

    /// <summary>Sets how many of a product are wanted. Callers check <see cref="HasRoomFor"/> and the quantity.</summary>
    public Basket Put(string productId, int quantity) => this with { Lines = With(Lines, productId, _ => quantity) };

    public Basket Remove(string productId) => IndexOf(productId) < 0 ? this : this with { Lines = With(Lines, productId, _ => 0) };

    public Basket Clear() => Lines.Count == 0 ? this : this with { Lines = [] };

    /// <summary>Adds lines, once for an operation: up to 99 of a product and 100 products; what goes beyond is left out.</summary>
    public Basket Add(string operationId, IEnumerable<StockLine> lines) =>
        Done.Contains(operationId) ? this : Plus(lines, out _) with { Done = Done.Add(operationId) };

    /// <summary>
    /// Sets aside what is to go into a member's basket: all but products beyond its hundredth. What is set aside already goes first.
    /// </summary>
    /// <param name="operationId">Under which it is added there.</param>
    /// <param name="to">The member's document.</param>
    /// <param name="member">The member's basket.</param>
    public Basket SetAside(string operationId, string to, Basket member)
    {
        if (Leaving is not null) return this;
        member.Plus(Lines, out var rest);
        List<StockLine> going = [.. Lines.Except(rest)];
        return going.Count == 0 ? this : this with { Lines = rest, Leaving = new Departure(operationId, to, going) };
    }

    /// <summary>What was set aside has been added.</summary>
    public Basket Forget(string operationId) => Leaving?.OperationId == operationId ? this with { Leaving = null } : this;

    /// <summary>Takes an order's lines out, once for an order. It may come before the basket exists and come again when it does.</summary>
    public Basket TakeOut(string orderId, IEnumerable<StockLine> ordered)
    {
        if (Done.Contains(orderId)) return this;
        var left = ordered.Aggregate(Lines, (lines, line) => Has(lines, line.ProductId)
            ? With(lines, line.ProductId, wanted => wanted - line.Quantity)
            : lines);
        return this with { Lines = left, Done = Done.Add(orderId) };
    }

    private Basket Plus(IEnumerable<StockLine> more, out IReadOnlyList<StockLine> rest)
    {
        var sum = this;
        var left = new List<StockLine>();
        foreach (var line in more)
        {
            if (!sum.HasRoomFor(line.ProductId)) left.Add(line);
            else sum = sum with { Lines = With(sum.Lines, line.ProductId, wanted => Capped(wanted, line.Quantity)) };
        }
        rest = left;
        return sum;
    }

    private static int Capped(int wanted, int more) => Math.Min(MaxQuantity, wanted + Math.Min(MaxQuantity, more));

    private int IndexOf(string productId) => IndexOf(Lines, productId);

    private static bool Has(IReadOnlyList<StockLine> lines, string productId) => IndexOf(lines, productId) >= 0;

    private static int IndexOf(IReadOnlyList<StockLine> lines, string productId)
    {
        for (var at = 0; at < lines.Count; at++)
        {
            if (lines[at].ProductId == productId) return at;
        }
        return -1;
    }

    /// <summary>The lines with another quantity for one product, which keeps its place; without it when none are left.</summary>
    private static List<StockLine> With(IReadOnlyList<StockLine> lines, string productId, Func<int, int> quantity)
    {
        var at = IndexOf(lines, productId);
        var wanted = quantity(at < 0 ? 0 : lines[at].Quantity);
        List<StockLine> changed = [.. lines];
        if (at < 0 && wanted > 0) changed.Add(new StockLine(productId, wanted));
        else if (at >= 0 && wanted > 0) changed[at] = new StockLine(productId, wanted);
        else if (at >= 0) changed.RemoveAt(at);
        return changed;
    }
}

/// <summary>Lines between two baskets.</summary>
/// <param name="OperationId">They are added once for it.</param>
/// <param name="To">The document of the basket they go to.</param>
/// <param name="Lines">The lines.</param>
public sealed record Departure(string OperationId, string To, IReadOnlyList<StockLine> Lines);
