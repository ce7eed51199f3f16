using System.ComponentModel.DataAnnotations;
using System.Security.Claims;
using DaprShop.Common;
using DaprShop.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DaprShop.Shipping;

/// <summary>Rates for everyone, a member's own shipments, and a hand for staff.</summary>
public static class ShippingEndpoints
{
    public static void MapShipping(this WebApplication app)
    {
        app.MapGet("/api/shipping/rates", GetRates).Refuses(400);
        var shipment = app.MapGroup("/api/shipments/{orderId}").Refuses(404);
        shipment.MapGet("", Get).RequireAuthorization();
        var staff = shipment.MapGroup("").RequireAuthorization(ShopAuth.StaffPolicy).Refuses(409);
        staff.MapPost("/dispatch", Moving(ShipmentStatus.Dispatched));
        staff.MapPost("/deliver", Moving(ShipmentStatus.Delivered));
        staff.MapPost("/return", Moving(ShipmentStatus.Returned));
    }

    private static Results<Ok<ShippingRates>, Problem> GetRates([Required] string? country, [Required] int? weight)
    {
        var code = country?.ToUpperInvariant();
        var validation = new Validation()
            .Check(Rates.IsCountryCode(code), "country", "Two letters, ISO 3166-1 alpha-2.")
            .Check(weight is >= 1 and <= Rates.MaxWeightGrams, "weight", $"Grams, 1 to {Rates.MaxWeightGrams}.");
        return validation.Problem is { } problem ? problem : TypedResults.Ok(new ShippingRates(Rates.For(code!, weight!.Value)));
    }

    private static async Task<Results<Ok<ShipmentView>, Problem>> Get(
        string orderId, ClaimsPrincipal user, ShipmentStore store, CancellationToken cancellation) =>
        await FindAsync(orderId, store, cancellation) is { } shipment && (user.IsStaff() || shipment.MemberId == user.MemberId())
            ? TypedResults.Ok(ShipmentView.Of(shipment))
            : NotFound;

    private static Func<string, ShipmentStore, Couriers, CancellationToken, Task<Results<Ok<ShipmentView>, Problem>>> Moving(
        ShipmentStatus to) =>
        async (orderId, store, couriers, cancellation) =>
        {
            if (await FindAsync(orderId, store, cancellation) is not { } before) return NotFound;
            if (before.Reached(to) is null && !await couriers.HurryAsync(new Stop(orderId, to)))
                return Problem.Conflict("The parcel waits for its order to be confirmed.");
            var after = (await FindAsync(orderId, store, cancellation))!;
            return after.Reached(to) is not null
                ? TypedResults.Ok(ShipmentView.Of(after))
                : Problem.Conflict($"The parcel is {after.Status.ToString().ToLowerInvariant()}.");
        };

    private static async Task<Shipment?> FindAsync(string orderId, ShipmentStore store, CancellationToken cancellation) =>
        Ids.IsUuid(orderId) ? (await store.FindAsync(orderId, cancellation))?.Shipment : null;

    private static Problem NotFound => Problem.NotFound("There is no shipment of yours for this order.");
}

/// <summary><c>{orderId,status,trackingNumber,events:[{status,at}]}</c>.</summary>
public sealed record ShipmentView(string OrderId, ShipmentStatus Status, string TrackingNumber, IReadOnlyList<ShipmentEvent> Events)
{
    public static ShipmentView Of(Shipment shipment) =>
        new(shipment.OrderId, shipment.Status, shipment.TrackingNumber, shipment.Events);
}
