using System.Buffers;
using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Text;
using DaprShop.Common;
using DaprShop.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DaprShop.Catalog;

/// <summary>What everyone may read, served from memory. The two busiest endpoints write bytes that were serialised once.</summary>
public static class CatalogEndpoints
{
    private const int MaxQuotes = 100;
    private static readonly string[] s_read = [HttpMethods.Get, HttpMethods.Head];

    public static void MapCatalog(this IEndpointRouteBuilder app)
    {
        // Short-circuited: neither authentication nor anything else in the pipeline has a say in these.
        app.MapMethods("/api/catalog/products", s_read, List)
            .Produces<Page<ProductView>>().Refuses(400)
            .AddOpenApiOperationTransformer(ProductQueryString.DescribeAsync)
            .ShortCircuit();
        app.MapMethods("/api/catalog/products/{id}", s_read, Get)
            .Produces<ProductView>().Produces(StatusCodes.Status304NotModified).Refuses(404)
            .ShortCircuit();
        app.MapMethods("/api/catalog/products/{id}/image", s_read, Picture)
            .Produces(StatusCodes.Status200OK, contentType: "image/svg+xml").Produces(StatusCodes.Status304NotModified)
            .Refuses(404)
            .ShortCircuit();
        app.MapGet("/api/catalog/categories", Categories);
        app.MapGet("/internal/products", Quotes).Refuses(400);
    }

    private static Task List(HttpContext context, Shelf shelf)
    {
        if (!shelf.Loaded) return NotLoaded.ExecuteAsync(context);
        var (query, problem) = ProductQueryString.Parse(context.Request);
        if (problem is not null) return problem.ExecuteAsync(context);

        var (items, total) = shelf.Search(query);
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.Headers.CacheControl = "public, max-age=5";
        WriteList(context.Response, items, $"],\"total\":{total},\"page\":{query.Page},\"pageSize\":{query.PageSize}}}");
        return Task.CompletedTask;
    }

    private static void WriteList(HttpResponse response, IReadOnlyList<ShelfItem> items, string end)
    {
        var opening = "{\"items\":["u8;
        var length = opening.Length + end.Length + Math.Max(0, items.Count - 1);
        foreach (var item in items) length += item.Json.Length;
        response.ContentLength = length;

        var body = response.BodyWriter;
        body.Write(opening);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0) body.Write(","u8);
            body.Write(items[i].Json);
        }
        Encoding.ASCII.GetBytes(end, body);
    }

    private static Task Get(string id, HttpContext context, Shelf shelf)
    {
        if (shelf.Find(id) is not { } item) return Missing(shelf).ExecuteAsync(context);
        var response = context.Response;
        response.Headers.CacheControl = "no-cache";
        if (ETags.NotModified(context, item.ETag)) return Task.CompletedTask;
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = item.Json.Length;
        response.BodyWriter.Write(item.Json);
        return Task.CompletedTask;
    }

    private static Task Picture(string id, HttpContext context, Shelf shelf)
    {
        if (shelf.Find(id) is not { } item) return Missing(shelf).ExecuteAsync(context);
        var response = context.Response;
        response.Headers.CacheControl = "public, max-age=3600, stale-while-revalidate=86400";
        var picture = Encoding.UTF8.GetBytes(ProductPicture.Draw(item.Product));
        // By what it shows: the same product may be drawn differently one day.
        var tag = Convert.ToHexStringLower(SHA256.HashData(picture).AsSpan(0, 12));
        if (ETags.NotModified(context, $"\"{tag}\"")) return Task.CompletedTask;
        response.ContentType = "image/svg+xml; charset=utf-8";
        response.Headers.ContentSecurityPolicy = "default-src 'none'";
        response.Headers.XContentTypeOptions = "nosniff";
        response.ContentLength = picture.Length;
        response.BodyWriter.Write(picture);
        return Task.CompletedTask;
    }

    /// <summary>All categories that have products, on one page.</summary>
    private static Results<Ok<Page<CategoryCount>>, Problem> Categories(Shelf shelf, HttpResponse response)
    {
        if (!shelf.Loaded) return NotLoaded;
        response.Headers.CacheControl = "public, max-age=5";
        return TypedResults.Ok(new Page<CategoryCount>(shelf.Categories, shelf.Categories.Count, 1, shelf.Categories.Count));
    }

    private static Results<Ok<IReadOnlyList<ProductQuote>>, Problem> Quotes([Required] string? ids, Shelf shelf)
    {
        if (!shelf.Loaded) return NotLoaded;
        var wanted = ids?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        if (wanted.Length is 0 or > MaxQuotes) return Problem.BadRequest($"ids: 1 to {MaxQuotes} product ids, separated by commas.");
        var found = wanted.Distinct().Select(shelf.Find).OfType<ShelfItem>();
        IReadOnlyList<ProductQuote> quotes = [.. found.Select(item => ToQuote(item.Product))];
        return TypedResults.Ok(quotes);
    }

    private static ProductQuote ToQuote(Product product) =>
        new(product.Id, product.Name, product.Price, product.WeightGrams, product.Version, product.ImageUrl);

    private static Problem Missing(Shelf shelf) => shelf.Loaded ? Problem.NotFound("There is no such product.") : NotLoaded;

    private static Problem NotLoaded { get; } = Problem.Unavailable("The catalogue is being loaded; try again.");
}
