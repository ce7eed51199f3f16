using DaprShop.Common;
using DaprShop.Contracts;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace DaprShop.Ordering;

/// <summary>
/// Places orders: prices them from the catalogue and the shipping rates, has the idempotency key stand for them, and submits them to their
/// actor. Nothing is written before all is known to be well; whatever is interrupted after that is finished by a repeated request with the
/// same key. A key is looked up only when it turns out to be in use, or when the order cannot be placed: most keys are new.
/// </summary>
public sealed class Checkout(
    CatalogClient catalog, ShippingClient shipping, BasketClient basket, OrderKeys keys, OrderViews views, OrderActors actors,
    IOptions<JsonOptions> json, TimeProvider time)
{
    private const int MaxWeightGrams = 100_000;

    /// <summary>What placing an order came to: an order that <paramref name="File"/> tells of, or a problem.</summary>
    /// <param name="OrderId">The order's id.</param>
    /// <param name="File">The order, unless <paramref name="View"/> has it.</param>
    /// <param name="View">The order as placed by an earlier request.</param>
    /// <param name="Problem">Why there is none.</param>
    public sealed record Placed(string OrderId = "", OrderFile? File = null, OrderView? View = null, Problem? Problem = null);

    public async Task<Placed> Place(string memberId, string idempotencyKey, PlaceOrder request, CancellationToken cancellation)
    {
        var hash = request.Hash(json.Value.SerializerOptions);
        var keyHash = PlaceOrder.HashKey(idempotencyKey);
        OrderDetails? details;
        Problem? problem;
        try
        {
            (details, problem) = await Price(memberId, request, cancellation);
        }
        catch (PeerUnavailableException)
        {
            if (await Earlier(await keys.Find(memberId, keyHash, cancellation), hash, cancellation) is { } placed) return placed;
            throw;
        }
        if (details is null)
            return await Earlier(await keys.Find(memberId, keyHash, cancellation), hash, cancellation) ?? new Placed(Problem: problem);

        // From here on nothing is called off: the client may go away, the order is placed.
        var entry = new OrderKey(Guid.CreateVersion7(time.GetUtcNow()).ToString(), hash);
        var entered = await keys.Enter(memberId, keyHash, entry);
        if (entered != entry && await Earlier(entered, hash, CancellationToken.None) is { } earlier) return earlier;
        var file = await actors.Submit(entered.OrderId, new Submission(details, request.To(), request.PaymentToken!));
        return new Placed(entered.OrderId, file);
    }

    /// <summary>What a key in use answers; null when it is new, or its order was never submitted.</summary>
    private async Task<Placed?> Earlier(OrderKey? key, string hash, CancellationToken cancellation)
    {
        if (key is null) return null;
        if (key.BodyHash != hash) return new Placed(Problem: Problem.Unprocessable("This Idempotency-Key was used with another body."));
        if (await views.Get(key.OrderId, cancellation) is { } view) return new Placed(key.OrderId, View: view);
        return await actors.Get(key.OrderId) is { } file ? new Placed(key.OrderId, file) : null;
    }

    /// <summary>What is ordered, at the shop's own prices: two calls, three from the basket.</summary>
    private async Task<(OrderDetails? Details, Problem? Problem)> Price(string memberId, PlaceOrder request, CancellationToken cancellation)
    {
        var lines = request.FromBasket ? await basket.Lines(memberId, cancellation) : request.Lines();
        if (lines.Count == 0) return (null, Invalid("fromBasket", "The basket is empty."));
        if (lines.Count > PlaceOrder.MaxLines) return (null, Invalid("fromBasket", $"An order has at most {PlaceOrder.MaxLines} lines."));

        var products = await catalog.Products(lines.Select(line => line.ProductId), cancellation);
        if (Unknown(request, lines, products) is { } unknown) return (null, unknown);

        var weight = lines.Sum(line => (long)products[line.ProductId].WeightGrams * line.Quantity);
        if (weight > MaxWeightGrams) return (null, Invalid("items", $"An order weighs at most {MaxWeightGrams / 1000} kg."));
        var parcel = (int)Math.Max(1, weight);
        var rates = await shipping.Rates(request.ShippingAddress!.Country!, parcel, cancellation);
        if (rates.Count == 0) return (null, Invalid("shippingAddress.country", "We do not deliver there."));
        if (rates.FirstOrDefault(rate => rate.Method == request.ShippingMethod) is not { } rate)
            return (null, Invalid("shippingMethod", "This method is not available there."));

        var ordered = lines.Select(line => Ordered(line, products[line.ProductId])).ToList();
        if (ordered.Any(line => line.UnitPrice.Currency != rate.Price.Currency))
            return (null, Invalid("items", "Products in different currencies cannot be ordered together."));
        return (new OrderDetails(memberId, ordered, rate.Method, rate.Price, parcel), null);
    }

    private static Problem? Unknown(PlaceOrder request, IReadOnlyList<StockLine> lines, IReadOnlyDictionary<string, ProductQuote> products)
    {
        var check = new Validation();
        foreach (var line in lines.Where(line => !products.ContainsKey(line.ProductId)))
        {
            var index = request.Items?.TakeWhile(item => item!.ProductId != line.ProductId).Count();
            check.Check(false, index is null ? "fromBasket" : $"items[{index}].productId", $"There is no product {line.ProductId}.");
        }
        return check.Problem;
    }

    private static OrderedLine Ordered(StockLine line, ProductQuote product) =>
        new(product.ProductId, product.Name, product.Price, line.Quantity);

    private static Problem Invalid(string field, string message) => new Validation().Check(false, field, message).Problem!;
}
