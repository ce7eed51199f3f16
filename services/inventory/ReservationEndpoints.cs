using DaprShop.Common;
using DaprShop.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DaprShop.Inventory;

/// <summary>What the order saga asks of stock; see contracts/internal-api.md.</summary>
public static class ReservationEndpoints
{
    private const int MaxLines = 100;
    private const int MaxQuantity = 10_000;

    public static void MapReservations(this WebApplication app)
    {
        var orders = app.MapGroup("/internal/reservations/{orderId}");
        orders.MapPost("", Reserve);
        orders.MapPost("/commit", Commit);
        orders.MapPost("/release", Release);
    }

    private static async Task<Results<Ok<StockReply>, Problem>> Reserve(
        string orderId, ReserveStock order, Reservations reservations, CancellationToken cancellation) =>
        Wrong(orderId, order.Lines) is { } problem
            ? problem
            : TypedResults.Ok(await reservations.ReserveAsync(orderId, order, cancellation));

    private static async Task<Results<Ok<StockReply>, Problem>> Commit(
        string orderId, StockLines order, Reservations reservations, CancellationToken cancellation) =>
        Wrong(orderId, order.Lines) is { } problem
            ? problem
            : TypedResults.Ok(await reservations.CommitAsync(orderId, order, cancellation));

    private static async Task<Results<Ok<StockReply>, Problem>> Release(
        string orderId, StockLines order, Reservations reservations, CancellationToken cancellation) =>
        Wrong(orderId, order.Lines) is { } problem
            ? problem
            : TypedResults.Ok(await reservations.ReleaseAsync(orderId, order, cancellation));

    private static Problem? Wrong(string orderId, IReadOnlyList<StockLine> lines)
    {
        var validation = new Validation()
            .Check(Ids.IsUuid(orderId), "orderId", "Must be a lower-case UUID.")
            .Check(lines.Count is >= 1 and <= MaxLines, "lines", $"1 to {MaxLines} lines.");
        for (var i = 0; i < Math.Min(lines.Count, MaxLines); i++)
        {
            validation.Check(Ids.IsSlug(lines[i]?.ProductId), $"lines[{i}].productId", "Must be a product id.");
            validation.Check(lines[i]?.Quantity is >= 1 and <= MaxQuantity, $"lines[{i}].quantity", $"1 to {MaxQuantity}.");
        }

        return validation.Problem;
    }
}
