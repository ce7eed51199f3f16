using CsCheck;
using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Basket.Tests;

public sealed class BasketTests
{
    [Fact]
    public void Putting_sets_a_quantity_and_keeps_the_place()
    {
        var basket = Basket.Empty.Put("kettle", 2).Put("cup", 1).Put("kettle", 5);
        Assert.Equal([new StockLine("kettle", 5), new StockLine("cup", 1)], basket.Lines);
        Assert.Equal([new StockLine("cup", 1)], basket.Remove("kettle").Lines);
        Assert.Same(basket, basket.Remove("spoon"));
        Assert.Empty(basket.Clear().Lines);
    }

    [Fact]
    public void Merging_adds_up_to_99_and_leaves_the_guest_nothing()
    {
        var (merged, guest) = Merge(Basket.Empty.Put("kettle", 60), Basket.Empty.Put("kettle", 60).Put("cup", 2));
        Assert.Equal([new StockLine("kettle", 99), new StockLine("cup", 2)], merged.Lines);
        Assert.Empty(guest.Lines);
        Assert.Equal(merged.Lines, Merge(merged, guest).Merged.Lines);
    }

    [Fact]
    public void What_does_not_fit_stays_with_the_guest()
    {
        var (merged, guest) = Merge(Full("mine", 99), Full("theirs", 3));
        Assert.Equal(Basket.MaxLines, merged.Lines.Count);
        Assert.Equal(["theirs-1", "theirs-2"], guest.Lines.Select(line => line.ProductId));
    }

    [Fact]
    public void An_order_leaves_once_even_before_there_is_a_basket()
    {
        var emptied = Basket.Empty.TakeOut("order-1", [new StockLine("kettle", 2)]);
        var later = emptied.Put("kettle", 3);
        Assert.Same(later, later.TakeOut("order-1", [new StockLine("kettle", 2)]));
        Assert.Equal([new StockLine("kettle", 1)], later.TakeOut("order-2", [new StockLine("kettle", 2)]).Lines);
        Assert.Empty(later.TakeOut("order-2", [new StockLine("kettle", 3), new StockLine("cup", 1)]).Lines);
    }

    [Fact]
    public void An_operation_adds_once()
    {
        var basket = Basket.Empty.Add("reorder-1", [new("kettle", 98)]);
        Assert.Same(basket, basket.Add("reorder-1", [new("kettle", 98)]));
        Assert.Equal([new StockLine("kettle", 99)], basket.Add("reorder-2", [new("kettle", int.MaxValue)]).Lines);
    }

    [Fact]
    public void A_long_history_stays_small()
    {
        var basket = Enumerable.Range(0, 1_000).Aggregate(Basket.Empty,
            (basket, at) => basket.TakeOut($"order-{at}", [new StockLine("kettle", 1)]));
        Assert.Equal(RecentIds.Capacity * 8, basket.Done.Marks.Length);
        Assert.Same(basket, basket.TakeOut("order-999", [new StockLine("kettle", 1)]));
        Assert.Same(basket, basket.TakeOut($"order-{1_000 - RecentIds.Capacity}", [new StockLine("kettle", 1)]));
    }

    /// <summary>Any puts, removals, merges and orders, the latter two in duplicate, against a plain table of quantities.</summary>
    [Fact]
    public void Whatever_happens_quantities_are_1_to_99_and_each_order_leaves_once()
    {
        var product = Gen.Int[0, 5].Select(number => $"product-{number}");
        var quantity = Gen.Int[1, Basket.MaxQuantity];
        var step = Gen.OneOf(
            Gen.Select(product, quantity, (id, count) => new Step("put", id, count, 0)),
            Gen.Select(product, id => new Step("remove", id, 0, 0)),
            Gen.Select(product, quantity, (id, count) => new Step("merge", id, count, 0)),
            Gen.Select(product, quantity, Gen.Int[0, 9], (id, count, order) => new Step("order", id, count, order)),
            Gen.Const(new Step("clear", "", 0, 0)));
        step.List[0, 80].Sample(steps =>
        {
            var (basket, guest) = (Basket.Empty, Basket.Empty);
            var model = new Dictionary<string, int>();
            var orders = new Dictionary<int, Step>();
            foreach (var each in steps)
            {
                switch (each.Kind)
                {
                    case "put":
                        basket = basket.Put(each.ProductId, each.Quantity);
                        model[each.ProductId] = each.Quantity;
                        break;
                    case "remove":
                        basket = basket.Remove(each.ProductId);
                        model.Remove(each.ProductId);
                        break;
                    case "clear":
                        basket = basket.Clear();
                        model.Clear();
                        break;
                    case "merge":
                        guest = guest.Put(each.ProductId, each.Quantity);
                        (basket, guest) = Merge(basket, guest);
                        (basket, guest) = Merge(basket, guest);
                        model[each.ProductId] = Math.Min(Basket.MaxQuantity, model.GetValueOrDefault(each.ProductId) + each.Quantity);
                        break;
                    default:
                        // The first event of an order says what is in it; later ones are the same event again.
                        var first = orders.TryAdd(each.Order, each);
                        var order = orders[each.Order];
                        basket = basket.TakeOut($"order-{each.Order}", [new StockLine(order.ProductId, order.Quantity)]);
                        if (first && model.TryGetValue(order.ProductId, out var wanted))
                        {
                            if (wanted > order.Quantity) model[order.ProductId] = wanted - order.Quantity;
                            else model.Remove(order.ProductId);
                        }
                        break;
                }
                Assert.All(basket.Lines, line => Assert.InRange(line.Quantity, 1, Basket.MaxQuantity));
                Assert.Equal(model.OrderBy(line => line.Key),
                    basket.Lines.ToDictionary(line => line.ProductId, line => line.Quantity).OrderBy(line => line.Key));
                Assert.Empty(guest.Lines);
            }
        });
    }

    /// <summary>Each step twice, as somebody does who died after it.</summary>
    private static (Basket Merged, Basket Guest) Merge(Basket member, Basket guest)
    {
        var left = guest.SetAside($"{Guid.NewGuid()}", "member/m", member).SetAside($"{Guid.NewGuid()}", "member/m", member);
        if (left.Leaving is not { } leaving) return (member, left);
        var merged = member.Add(leaving.OperationId, leaving.Lines).Add(leaving.OperationId, leaving.Lines);
        return (merged, left.Forget(leaving.OperationId).Forget(leaving.OperationId));
    }

    private static Basket Full(string prefix, int lines) =>
        Enumerable.Range(0, lines).Aggregate(Basket.Empty, (basket, at) => basket.Put($"{prefix}-{at}", 1));

    private sealed record Step(string Kind, string ProductId, int Quantity, int Order);
}
