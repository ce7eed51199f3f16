using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using DaprShop.Common;
using DaprShop.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace DaprShop.Inventory;

/// <summary>What there is of a product, for everyone; staff put it right.</summary>
public static class InventoryEndpoints
{
    private const int MaxReason = 200;
    private const int MaxKey = 200;

    public static void MapInventory(this WebApplication app)
    {
        var product = app.MapGroup("/api/inventory/{productId}");
        product.MapGet("", Get).Refuses(404);
        product.MapPut("", Put).RequireAuthorization(ShopAuth.StaffPolicy).Refuses(404, 409);
        product.MapPost("/adjustments", Adjust).RequireAuthorization(ShopAuth.StaffPolicy).Refuses(404, 409, 422);
    }

    /// <summary>Body of PUT: what was counted.</summary>
    public sealed record StockCount(int OnHand);

    /// <summary>Body of POST …/adjustments: so many more or fewer, and why.</summary>
    public sealed record StockAdjustment(int Delta, string Reason);

    /// <summary>Of a product that the catalogue sells and no event has told of yet, there is nothing.</summary>
    private static async Task<Results<Ok<StockLevel>, Problem>> Get(
        string productId, StockStore stocks, CatalogClient catalog, CancellationToken cancellation)
    {
        if (!Ids.IsSlug(productId)) return Unknown(productId);
        if (await stocks.FindAsync(productId, cancellation) is { } level) return TypedResults.Ok(level);
        return await catalog.SellsAsync(productId, cancellation)
            ? TypedResults.Ok(StockLevel.Of(productId, Stock.Untouched(0)))
            : Unknown(productId);
    }

    private static async Task<Results<Ok<StockLevel>, Problem>> Put(
        string productId, StockCount body, ClaimsPrincipal user, Corrections corrections, CancellationToken cancellation)
    {
        var validation = new Validation()
            .Check(body.OnHand is >= 0 and <= Stock.MaxOnHand, "onHand", $"0 to {Stock.MaxOnHand}.");
        return validation.Problem is { } problem
            ? problem
            : await CorrectAsync(productId, null, new CorrectCommand(user.MemberId(), OnHand: body.OnHand), corrections, cancellation);
    }

    private static async Task<Results<Ok<StockLevel>, Problem>> Adjust(
        string productId, StockAdjustment body, ClaimsPrincipal user, Corrections corrections, CancellationToken cancellation,
        [FromHeader(Name = "Idempotency-Key")] string? key = null)
    {
        var validation = new Validation()
            .Check(
                body.Delta is not 0 and >= -Stock.MaxOnHand and <= Stock.MaxOnHand,
                "delta", $"Not 0, at most {Stock.MaxOnHand} either way.")
            .Text(body.Reason, "reason", MaxReason)
            .Check(key is null or { Length: > 0 and <= MaxKey }, "Idempotency-Key", $"1 to {MaxKey} characters.");
        return validation.Problem is { } problem
            ? problem
            : await CorrectAsync(
                productId, key, new CorrectCommand(user.MemberId(), null, body.Delta, body.Reason), corrections, cancellation);
    }

    private static async Task<Results<Ok<StockLevel>, Problem>> CorrectAsync(
        string productId, string? key, CorrectCommand command, Corrections corrections, CancellationToken cancellation)
    {
        if (!Ids.IsSlug(productId)) return Unknown(productId);
        var corrected = await corrections.CorrectAsync(productId, Fingerprint(key), command, cancellation);
        return corrected.Outcome switch
        {
            CorrectionOutcome.Done => TypedResults.Ok(corrected.Level!),
            CorrectionOutcome.KeyReused => Problem.Unprocessable("This Idempotency-Key was used for another adjustment."),
            CorrectionOutcome.Refused => Problem.Conflict(
                $"On hand must stay from {corrected.Level!.Reserved}, which are reserved, to {Stock.MaxOnHand}."),
            _ => Unknown(productId),
        };
    }

    /// <summary>Keys are anyone's text; what becomes part of a state key is not. Without a key every call is one of its own.</summary>
    private static string Fingerprint(string? key) => key is null
        ? Guid.CreateVersion7().ToString()
        : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    private static Problem Unknown(string productId) =>
        Problem.NotFound(Ids.IsSlug(productId) ? $"There is no stock of {productId}." : "There is no such product.");
}
