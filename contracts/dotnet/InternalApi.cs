using System.Runtime.InteropServices;

namespace DaprShop.Contracts;

// Calls between services, through the sidecars: JSON over HTTP under /internal, never routed by the gateway.
// A refusal for a business reason is a 200 with an outcome; 4xx says the caller is wrong; 5xx and time-outs mean "unknown: ask again".
// Every command is idempotent by order id and answers the same again. contracts/internal-api.md has the paths and rules.

/// <summary>catalog <c>GET /internal/products?ids=a,b</c> (at most 100 ids; unknown and deleted ones are left out).</summary>
public sealed record ProductQuote(string ProductId, string Name, Money Price, int WeightGrams, long Version, string ImageUrl);

public sealed record StockLine(string ProductId, int Quantity);

/// <summary>inventory <c>POST /internal/reservations/{orderId}</c>: all lines or none.</summary>
public sealed record ReserveStock(IReadOnlyList<StockLine> Lines, DateTimeOffset ExpiresAt);

/// <summary>inventory <c>POST /internal/reservations/{orderId}/commit</c> and <c>…/release</c>. Release undoes whatever was done, committed stock included.</summary>
public sealed record StockLines(IReadOnlyList<StockLine> Lines);

/// <param name="Outcome">reserve: <c>reserved</c>, <c>outOfStock</c>, <c>released</c> (a release came first: too late). commit: <c>committed</c>, <c>expired</c>. release: <c>released</c>.</param>
/// <param name="ProductIds">With <c>outOfStock</c>: the products that lack stock.</param>
public sealed record StockReply(string Outcome, IReadOnlyList<string>? ProductIds = null);

/// <summary>payment <c>POST /internal/payments/{orderId}/authorize</c>.</summary>
public sealed record AuthorizePayment(string MemberId, Money Amount, string PaymentToken);

/// <summary>payment <c>POST /internal/payments/{orderId}/capture</c>: takes the whole authorised amount.</summary>
public sealed record CapturePayment(Money Amount);

/// <param name="Outcome">
/// authorize: <c>authorized</c>, <c>declined</c>, <c>reversed</c> (a reverse came first: too late). capture: <c>captured</c>, <c>reversed</c>.
/// reverse (<c>POST /internal/payments/{orderId}/reverse</c>, no body): <c>voided</c>, <c>refunded</c> or <c>none</c>, and nothing can be authorised or captured afterwards.
/// </param>
public sealed record PaymentReply(string Outcome, string? DeclineCode = null);

/// <param name="Line2">May be left out of the JSON, which is what the attributes say: C# has no other way to say it in the middle.</param>
public sealed record PostalAddress(
    string Recipient, string Line1, [Optional, DefaultParameterValue(null)] string? Line2, string City, string PostalCode, string Country);

/// <summary>shipping <c>PUT /internal/shipments/{orderId}</c>. The parcel waits until <c>orders.confirmed</c> is heard.</summary>
/// <param name="Method"><c>standard</c> or <c>express</c>.</param>
public sealed record CreateShipment(string MemberId, string Method, int WeightGrams, PostalAddress Address);

/// <param name="Outcome">
/// create: <c>created</c>, <c>refused</c> (nobody delivers there), <c>cancelled</c> (a cancel came first: too late).
/// cancel (<c>POST /internal/shipments/{orderId}/cancel</c>, no body): <c>cancelled</c>, or <c>dispatched</c> when the parcel has left and cannot be called back.
/// </param>
public sealed record ShipmentReply(string Outcome, string? TrackingNumber = null);

/// <summary>shipping <c>GET /api/shipping/rates?country=US&amp;weight=1200</c> (grams) answers <c>{"items":[…]}</c> of these.</summary>
public sealed record ShippingRate(string Method, Money Price, int EstimatedDays);

public sealed record ShippingRates(IReadOnlyList<ShippingRate> Items);

/// <summary>A basket: public answer of <c>/api/basket</c> and of basket <c>GET /internal/baskets/{memberId}</c>.</summary>
public sealed record BasketView(IReadOnlyList<BasketItem> Items, Money Total);

public sealed record BasketItem(string ProductId, string Name, Money UnitPrice, int Quantity, Money LineTotal);

/// <summary>basket <c>POST /internal/baskets/{memberId}/items</c>: adds these lines, up to 99 a product, and answers the <see cref="BasketView"/>.</summary>
/// <param name="OperationId">The same id adds once only.</param>
/// <param name="Lines">What to add.</param>
/// <param name="OrderId">A young order that these lines repeat. When the basket has not heard of it yet, they leave the basket first, so
/// that they are not taken out again when it does.</param>
public sealed record AddToBasket(string OperationId, IReadOnlyList<StockLine> Lines, string? OrderId = null);

/// <summary>members <c>GET /internal/members/{id}</c>: whom to write to. Never logged, never in events.</summary>
public sealed record MemberContact(string Id, string Email, string DisplayName, string Locale);
