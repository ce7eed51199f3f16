using System.Security.Claims;
using DaprShop.Common;
using DaprShop.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace DaprShop.Basket;

/// <summary><c>PUT /api/basket/items/{productId}</c>.</summary>
public sealed record PutItem(int Quantity);

/// <summary><c>POST /api/basket/merge</c>.</summary>
/// <param name="BasketId">The guest's UUID.</param>
public sealed record MergeGuest(string BasketId);

/// <summary>The basket of whoever asks, and what other services may do with a member's.</summary>
public static class BasketEndpoints
{
    private const string BasketId = "X-Basket-Id";

    public static void MapBasket(this WebApplication app)
    {
        var basket = app.MapGroup("/api/basket").AllowGuests();
        basket.MapGet("", ShowAsync).Refuses(400);
        basket.MapDelete("", ClearAsync).Refuses(400);
        basket.MapPut("/items/{productId}", PutAsync).Refuses(404);
        basket.MapDelete("/items/{productId}", RemoveAsync).Refuses(400);
        app.MapPost("/api/basket/merge", MergeAsync).RequireAuthorization();

        app.MapGet("/internal/baskets/{memberId}", async (string memberId, Baskets baskets, CancellationToken cancellation) =>
            TypedResults.Ok(await baskets.ShowAsync(BasketOwner.Member(memberId), cancellation)));
        app.MapPost("/internal/baskets/{memberId}/items", AddAsync);
    }

    private static async Task<Results<Ok<BasketView>, Problem>> ShowAsync(
        [FromHeader(Name = BasketId)] string? basketId, ClaimsPrincipal user, Baskets baskets, CancellationToken cancellation)
    {
        var (owner, problem) = BasketOwner.Of(user, basketId);
        return owner is null ? problem! : TypedResults.Ok(await baskets.ShowAsync(owner, cancellation));
    }

    private static async Task<Results<Ok<BasketView>, Problem>> ClearAsync(
        [FromHeader(Name = BasketId)] string? basketId, ClaimsPrincipal user, Baskets baskets, CancellationToken cancellation)
    {
        var (owner, problem) = BasketOwner.Of(user, basketId);
        return owner is null ? problem! : TypedResults.Ok(await baskets.ChangeAsync(owner, basket => basket.Clear(), cancellation));
    }

    private static async Task<Results<Ok<BasketView>, Problem>> PutAsync(
        string productId, PutItem item, [FromHeader(Name = BasketId)] string? basketId, ClaimsPrincipal user, Baskets baskets,
        CancellationToken cancellation)
    {
        var (owner, problem) = BasketOwner.Of(user, basketId);
        if (owner is null) return problem!;
        var invalid = new Validation()
            .Check(item.Quantity is >= 1 and <= Basket.MaxQuantity, "quantity", $"Must be 1 to {Basket.MaxQuantity}.")
            .Problem;
        if (invalid is not null) return invalid;
        var (view, refusal) = await baskets.PutAsync(owner, productId, item.Quantity, cancellation);
        return view is null ? refusal! : TypedResults.Ok(view);
    }

    private static async Task<Results<Ok<BasketView>, Problem>> RemoveAsync(
        string productId, [FromHeader(Name = BasketId)] string? basketId, ClaimsPrincipal user, Baskets baskets,
        CancellationToken cancellation)
    {
        var (owner, problem) = BasketOwner.Of(user, basketId);
        return owner is null
            ? problem!
            : TypedResults.Ok(await baskets.ChangeAsync(owner, basket => basket.Remove(productId), cancellation));
    }

    private static async Task<Results<Ok<BasketView>, Problem>> MergeAsync(
        MergeGuest merge, ClaimsPrincipal user, Baskets baskets, CancellationToken cancellation)
    {
        var guest = BasketOwner.Guest(merge.BasketId);
        if (new Validation().Check(guest is not null, "basketId", "Must be a UUID.").Problem is { } invalid) return invalid;
        return TypedResults.Ok(await baskets.MergeAsync(BasketOwner.Member(user.MemberId()), guest!, cancellation));
    }

    private static async Task<Results<Ok<BasketView>, Problem>> AddAsync(
        string memberId, AddToBasket add, Baskets baskets, CancellationToken cancellation)
    {
        var invalid = new Validation()
            .Text(add.OperationId, "operationId", 200)
            .Check(add.OrderId is null || Ids.IsUuid(add.OrderId), "orderId", "A UUID.")
            .Check(add.Lines.Count <= Basket.MaxLines, "lines", $"At most {Basket.MaxLines} lines.")
            .Check(
                add.Lines.All(line => Product.IsId(line.ProductId) && line.Quantity > 0),
                "lines", "Each needs a product id and a positive quantity.")
            .Problem;
        if (invalid is not null) return invalid;
        return TypedResults.Ok(await baskets.AddAsync(BasketOwner.Member(memberId), add.OperationId, add.OrderId, add.Lines, cancellation));
    }
}
