using System.Collections.Concurrent;
using Dapr;
using DaprShop.Contracts;
using DaprShop.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace DaprShop.Ordering.Tests;

/// <summary>
/// The services around ordering, played by the rules of contracts/internal-api.md: idempotent by order id, tombstones. What an order meets
/// is said by what is in it: its payment token, its products, its country.
/// </summary>
public sealed class Peers
{
    public const string SoldOut = "soldout-01";
    public const string NowhereCountry = "AQ";

    private readonly ConcurrentDictionary<string, Books> _books = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new();
    private readonly ConcurrentDictionary<string, bool> _reached = new();
    private readonly ConcurrentDictionary<string, AddToBasket> _added = new();

    /// <summary>What the peers did for one order.</summary>
    public sealed class Books
    {
        public string Stock { get; set; } = "";
        public string Payment { get; set; } = "";
        public string Shipment { get; set; } = "";
        public int Authorizations { get; set; }
        public int Captures { get; set; }
        public ConcurrentQueue<string> Calls { get; } = [];
    }

    /// <summary>Every event of ordering that was delivered, duplicates included.</summary>
    public ConcurrentQueue<OrderChanged> Told { get; } = [];

    public IReadOnlyDictionary<string, BasketView> Baskets { get; set; } = new Dictionary<string, BasketView>();

    public IEnumerable<AddToBasket> Added => _added.Values;

    /// <summary>While true, catalog answers 503.</summary>
    public bool IsCatalogAway { get; set; }

    public Books Of(string orderId) => _books.GetOrAdd(orderId, _ => new Books());

    /// <summary>Lets no order of this member past a call (e.g. <c>authorize</c>) until the result is completed.</summary>
    public TaskCompletionSource Hold(string call, string memberOrOrder)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _gates[$"{call} {memberOrOrder}"] = gate;
        return gate;
    }

    /// <summary>Ends when an order of this member has come to a call, held there or not.</summary>
    public Task ReachedAsync(string call, string memberOrOrder) => ShopHost.EventuallyAsync(
        () => Task.FromResult(_reached.ContainsKey($"{call} {memberOrOrder}")), $"{call} of {memberOrOrder}");

    public void Join(ShopHostOptions shop) => shop
        .Fake("catalog", app => app.MapGet("/internal/products", Products))
        .Fake("inventory", app =>
        {
            app.MapPost("/internal/reservations/{id}", Reserve);
            app.MapPost("/internal/reservations/{id}/commit", (string id) => Do(id, "commit", books => Stock(books, "committed")));
            app.MapPost("/internal/reservations/{id}/release", (string id) => Do(id, "release", books => new StockReply(books.Stock = "released")));
        })
        .Fake("payment", app =>
        {
            app.MapPost("/internal/payments/{id}/authorize", Authorize);
            app.MapPost("/internal/payments/{id}/capture", (string id) => Do(id, "capture", Capture));
            app.MapPost("/internal/payments/{id}/reverse", (string id) => Do(id, "reverse", Reverse));
        })
        .Fake("shipping", app =>
        {
            app.MapGet("/api/shipping/rates", (string country) => new ShippingRates(country == NowhereCountry
                ? []
                : [new("standard", Some.Usd(499), 4), new("express", Some.Usd(1299), 1)]));
            app.MapPut("/internal/shipments/{id}", CreateShipment);
            app.MapPost("/internal/shipments/{id}/cancel", (string id) => Do(id, "cancelShipment", CancelShipment));
        })
        .Fake("basket", app =>
        {
            app.MapGet("/internal/baskets/{id}", (string id) => Baskets.GetValueOrDefault(id, new BasketView([], Money.Zero("USD"))));
            app.MapPost("/internal/baskets/{id}/items", (AddToBasket add) =>
            {
                _added[add.OperationId] = add;
                return new BasketView([.. add.Lines.Select(Item)], Money.Zero("USD"));
            });
        })
        .Fake("notification", app =>
        {
            foreach (var topic in (string[])["submitted", "confirmed", "rejected", "cancelled", "shipped", "delivered"])
            {
                app.MapPost($"/events/orders.{topic}", (OrderChanged told) => Told.Enqueue(told))
                    .WithTopic(new TopicOptions { PubsubName = "pubsub", Name = $"orders.{topic}" });
            }
        });

    private static BasketItem Item(StockLine line) => new(line.ProductId, line.ProductId, Some.Usd(100), line.Quantity, Some.Usd(100 * line.Quantity));

    private IResult Products(string ids) => IsCatalogAway
        ? Results.StatusCode(StatusCodes.Status503ServiceUnavailable)
        : Results.Ok(ids.Split(',').Where(id => !id.StartsWith("unknown")).Select(id => new ProductQuote(id, id.ToUpperInvariant(), Some.Usd(100), 500, 1, "")));

    private Task<StockReply> Reserve(string id, ReserveStock command) => Do(id, "reserve", books =>
        command.Lines.Any(line => line.ProductId == SoldOut) ? new StockReply("outOfStock", [SoldOut]) : Stock(books, "reserved"));

    private static StockReply Stock(Books books, string next)
    {
        if (books.Stock == "released") return new StockReply(next == "committed" ? "expired" : "released");
        if (books.Stock != "committed") books.Stock = next;
        return new StockReply(next);
    }

    private async Task<IResult> Authorize(string id, AuthorizePayment command)
    {
        await Passed("authorize", command.MemberId);
        var tries = ++Of(id).Authorizations;
        if (command.PaymentToken == "tok_flaky" && tries <= 2) return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        if (command.PaymentToken == "tok_timeout") await Task.Delay(TimeSpan.FromSeconds(30));
        return Results.Ok(await Do(id, "authorize", books => books.Payment switch
        {
            "voided" or "refunded" or "none" => new PaymentReply("reversed"),
            _ when command.PaymentToken == "tok_declined" => new PaymentReply("declined", "declined"),
            "captured" => new PaymentReply("authorized"),
            _ => new PaymentReply(books.Payment = "authorized"),
        }));
    }

    private static PaymentReply Capture(Books books)
    {
        if (books.Payment is "voided" or "refunded" or "none") return new PaymentReply("reversed");
        if (books.Payment != "captured") books.Captures++;
        return new PaymentReply(books.Payment = "captured");
    }

    private static PaymentReply Reverse(Books books) => new(books.Payment = books.Payment switch
    {
        "captured" or "refunded" => "refunded",
        "authorized" or "voided" => "voided",
        _ => "none",
    });

    private async Task<ShipmentReply> CreateShipment(string id, CreateShipment command)
    {
        await Passed("ship", command.MemberId);
        return await Do(id, "ship", books => books.Shipment == "cancelled"
            ? new ShipmentReply("cancelled")
            : new ShipmentReply(books.Shipment = "created", "TRACK-1"));
    }

    private static ShipmentReply CancelShipment(Books books) => books.Shipment == "dispatched"
        ? new ShipmentReply("dispatched")
        : new ShipmentReply(books.Shipment = "cancelled");

    private async Task<T> Do<T>(string orderId, string call, Func<Books, T> act)
    {
        await Passed(call, orderId);
        var books = Of(orderId);
        books.Calls.Enqueue(call);
        lock (books) return act(books);
    }

    private Task Passed(string call, string memberOrOrder)
    {
        _reached.TryAdd($"{call} {memberOrOrder}", true);
        return _gates.TryGetValue($"{call} {memberOrOrder}", out var gate) ? gate.Task : Task.CompletedTask;
    }
}
