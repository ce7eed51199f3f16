using System.Text.Json.Serialization;
using DaprShop.Contracts;

namespace DaprShop.Web.Api;

// The public API's shapes, as far as pages show them.

public sealed record ProductView(string Id, string Name, string Description, string Category, Money Price, string ImageUrl, int Available);

public sealed record CategoryView(string Id, string Name, int Count);

public sealed record Items<T>([property: JsonPropertyName("items")] IReadOnlyList<T> List);

public sealed record TokenPair(string AccessToken, int ExpiresIn, string RefreshToken);

public sealed record ProfileView(string Id, string Email, string DisplayName, string Role = "member");

public sealed record StockView(string ProductId, int OnHand, int Reserved, int Available);

public sealed record OrderView(
    string Id, string Status, IReadOnlyList<OrderLineView> Items, Money Subtotal, Money ShippingCost, Money Total,
    PostalAddress ShippingAddress, DateTimeOffset PlacedAt, DateTimeOffset UpdatedAt, string? Reason = null, string? MemberId = null);

public sealed record OrderLineView(string ProductId, string Name, Money UnitPrice, int Quantity, Money LineTotal);

public sealed record OrderEventView(string Type, string Status, DateTimeOffset At, string? Reason = null, string? TrackingNumber = null);

public sealed record PaymentView(string OrderId, string Status, long Authorized, long Captured, long Refunded, string Currency);

public sealed record ShipmentView(string OrderId, string Status, string TrackingNumber, IReadOnlyList<ShipmentEventView> Events);

public sealed record ShipmentEventView(string Status, DateTimeOffset At);

public sealed record NotificationView(string Id, string Kind, string Title, string Text, DateTimeOffset CreatedAt, string? OrderId = null);

/// <summary>The body of an order: what is in the basket, to this address.</summary>
public sealed record PlaceOrder(bool FromBasket, PostalAddress ShippingAddress, string ShippingMethod, string PaymentToken);

public sealed record ProductDraft(string? Id, string Name, string Description, string Category, Money Price, int WeightGrams);
