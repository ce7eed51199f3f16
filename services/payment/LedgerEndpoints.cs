using DaprShop.Common;
using DaprShop.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DaprShop.Payment;

/// <summary>The books of one order, for staff.</summary>
public static class LedgerEndpoints
{
    public static void MapLedger(this WebApplication app) =>
        app.MapGet("/api/payments/{orderId}/ledger", Get).RequireAuthorization(ShopAuth.StaffPolicy).Refuses(404);

    private static async Task<Results<Ok<LedgerView>, Problem>> Get(string orderId, PaymentStore store, CancellationToken cancellation) =>
        Ids.IsUuid(orderId)
            ? TypedResults.Ok(new LedgerView(await store.PostingsAsync(orderId, cancellation)))
            : Problem.NotFound("There is no such order.");
}

/// <summary>What an order moved in the books, oldest first; nothing when no money moved.</summary>
public sealed record LedgerView(IReadOnlyList<Posting> Items);
