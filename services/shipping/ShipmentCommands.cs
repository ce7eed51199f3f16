using DaprShop.Common;
using DaprShop.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DaprShop.Shipping;

/// <summary>What the order saga asks of shipping; see contracts/internal-api.md.</summary>
public static class ShipmentCommands
{
    private const int MaxText = 200;

    public static void MapCommands(this WebApplication app)
    {
        app.MapPut("/internal/shipments/{orderId}", Create);
        app.MapPost("/internal/shipments/{orderId}/cancel", Cancel).Refuses(400);
    }

    private static async Task<Results<Ok<ShipmentReply>, Problem>> Create(string orderId, CreateShipment order, Shipments shipments) =>
        Wrong(orderId, order) is { } problem ? problem : TypedResults.Ok(await shipments.CreateAsync(orderId, order));

    private static async Task<Results<Ok<ShipmentReply>, Problem>> Cancel(string orderId, Shipments shipments) =>
        CheckedId(orderId).Problem is { } problem ? problem : TypedResults.Ok(await shipments.CancelAsync(orderId));

    private static Problem? Wrong(string orderId, CreateShipment order)
    {
        var validation = CheckedId(orderId)
            .Check(Ids.IsUuid(order.MemberId), "memberId", "Must be a lower-case UUID.")
            .Check(order.Method is Rates.Standard or Rates.Express, "method", "standard or express.")
            .Check(order.WeightGrams >= 1, "weightGrams", "At least 1.")
            .Text(order.Address.Recipient, "address.recipient", MaxText)
            .Text(order.Address.Line1, "address.line1", MaxText)
            .Text(order.Address.City, "address.city", MaxText)
            .Text(order.Address.PostalCode, "address.postalCode", MaxText)
            .Check(Rates.IsCountryCode(order.Address.Country), "address.country", "Two upper-case letters, ISO 3166-1 alpha-2.");
        if (order.Address.Line2 is { Length: > 0 } line2) validation.Text(line2, "address.line2", MaxText);
        return validation.Problem;
    }

    private static Validation CheckedId(string orderId) =>
        new Validation().Check(Ids.IsUuid(orderId), "orderId", "Must be a lower-case UUID.");
}
