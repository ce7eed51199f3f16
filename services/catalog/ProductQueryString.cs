using System.Globalization;
using System.Text.Json.Nodes;
using DaprShop.Common;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Primitives;
using Microsoft.OpenApi;

namespace DaprShop.Catalog;

/// <summary>
/// Reads a <see cref="ProductQuery"/> from a query string by hand: the list is the busiest endpoint, and each mistake gets its
/// message.
/// </summary>
public static class ProductQueryString
{
    private const int MaxSearchLength = 200;
    private const int MaxPage = 1_000_000;

    private static readonly Dictionary<string, ProductSort> s_sorts = new(StringComparer.Ordinal)
    {
        ["relevance"] = ProductSort.Relevance,
        ["price"] = ProductSort.Price,
        ["-price"] = ProductSort.PriceDescending,
        ["name"] = ProductSort.Name,
        ["newest"] = ProductSort.Newest,
    };

    /// <summary>The query, or the 400 to answer. Unknown parameters are ignored, empty ones count as absent.</summary>
    public static (ProductQuery Query, Problem? Problem) Parse(HttpRequest request)
    {
        if (!request.QueryString.HasValue) return (ProductQuery.Default, null);
        var values = request.Query;
        var validation = new Validation();

        string? Text(string name)
        {
            if (!values.TryGetValue(name, out StringValues given) || StringValues.IsNullOrEmpty(given)) return null;
            validation.Check(given.Count == 1, name, "Given more than once.");
            return given[0];
        }

        long? Number(string name, long least, long most)
        {
            if (Text(name) is not { } text) return null;
            var isNumber = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
            validation.Check(isNumber && number >= least && number <= most, name, $"A whole number from {least} to {most}.");
            return number;
        }

        bool? Flag(string name)
        {
            if (Text(name) is not { } text) return null;
            validation.Check(bool.TryParse(text, out var flag), name, "true or false.");
            return flag;
        }

        ProductSort Sort(string name)
        {
            if (Text(name) is not { } text) return ProductSort.Relevance;
            validation.Check(s_sorts.TryGetValue(text, out var sort), name, $"One of: {string.Join(", ", s_sorts.Keys)}.");
            return sort;
        }

        var search = Text("search");
        validation.Check(search is null || search.Length <= MaxSearchLength, "search", $"At most {MaxSearchLength} characters.");
        var query = new ProductQuery(
            string.IsNullOrWhiteSpace(search) ? null : search,
            Text("category"),
            Number("minPrice", 0, long.MaxValue),
            Number("maxPrice", 0, long.MaxValue),
            Flag("inStock"),
            Sort("sort"),
            (int)(Number("page", 1, MaxPage) ?? 1),
            (int)(Number("pageSize", 1, ProductQuery.MaxPageSize) ?? ProductQuery.DefaultPageSize));
        return (query, validation.Problem);
    }

    /// <summary>What <see cref="Parse"/> reads, for the API's description.</summary>
    public static Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        (string Name, JsonSchemaType Type)[] parameters =
        [
            ("search", JsonSchemaType.String), ("category", JsonSchemaType.String), ("minPrice", JsonSchemaType.Integer),
            ("maxPrice", JsonSchemaType.Integer), ("inStock", JsonSchemaType.Boolean), ("sort", JsonSchemaType.String),
            ("page", JsonSchemaType.Integer), ("pageSize", JsonSchemaType.Integer),
        ];
        operation.Parameters =
        [
            .. parameters.Select(parameter => new OpenApiParameter
            {
                Name = parameter.Name,
                In = ParameterLocation.Query,
                Schema = new OpenApiSchema
                {
                    Type = parameter.Type,
                    Enum = parameter.Name == "sort" ? [.. s_sorts.Keys.Select(sort => (JsonNode)sort)] : null,
                },
            }),
        ];
        return Task.CompletedTask;
    }
}
