using System.ComponentModel.DataAnnotations;
using DaprShop.Common;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace DaprShop.Catalog;

/// <summary>What staff change. Each change: two sidecar calls to read, one to write; other services are told right after.</summary>
public static class StaffEndpoints
{
    public static void MapStaff(this IEndpointRouteBuilder app)
    {
        var products = app.MapGroup("/api/catalog/products").RequireAuthorization(ShopAuth.StaffPolicy);
        products.MapPost("", Create).Refuses(409);
        products.MapPut("/{id}", Replace).Refuses(404, 412, 428);
        products.MapDelete("/{id}", Delete).Refuses(404, 412, 428);
    }

    private static async Task<Results<Created<ProductView>, Problem>> Create(
        ProductInput input, Editor editor, HttpResponse response, CancellationToken cancellation)
    {
        if (input.Check(isNew: true) is { } invalid) return invalid;
        var id = input.Id ?? Slug.From(input.Name!);
        var (item, problem) = await editor.EditAsync(
            id,
            current => current is { Deleted: false } ? Problem.Conflict($"The id {id} is taken.") : null,
            (current, newPosition, now) => input.ToProduct(id, current, newPosition, now),
            cancellation);
        if (problem is not null) return problem;
        response.Headers.ETag = item!.ETag;
        return TypedResults.Created($"/api/catalog/products/{id}", item.View);
    }

    private static async Task<Results<Ok<ProductView>, Problem>> Replace(
        string id, ProductInput input, [Required, FromHeader(Name = "If-Match")] string? ifMatch,
        Editor editor, HttpResponse response, CancellationToken cancellation)
    {
        if (input.Check(isNew: false) is { } invalid) return invalid;
        var (item, problem) = await editor.EditAsync(
            id, current => CheckVersion(current, ifMatch), (current, _, now) => input.ToProduct(id, current, 0, now), cancellation);
        if (problem is not null) return problem;
        response.Headers.ETag = item!.ETag;
        return TypedResults.Ok(item.View);
    }

    private static async Task<Results<NoContent, Problem>> Delete(
        string id, [Required, FromHeader(Name = "If-Match")] string? ifMatch, Editor editor, CancellationToken cancellation)
    {
        var (_, problem) = await editor.EditAsync(
            id,
            current => CheckVersion(current, ifMatch),
            (current, _, now) => current! with { Deleted = true, Version = current.Version + 1, ChangedAt = now },
            cancellation);
        return problem is null ? TypedResults.NoContent() : problem;
    }

    private static Problem? CheckVersion(Product? current, string? ifMatch)
    {
        if (current is null or { Deleted: true }) return Problem.NotFound("There is no such product.");
        if (string.IsNullOrEmpty(ifMatch))
            return new Problem(
                StatusCodes.Status428PreconditionRequired,
                "Send the product's ETag in If-Match, so that nobody's change is lost.");
        return ETags.IsMatch(ifMatch, current.Version) ? null : Problem.Stale("The product was changed meanwhile; read it again.");
    }
}
