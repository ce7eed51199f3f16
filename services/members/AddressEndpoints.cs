using System.Security.Claims;
using System.Text.Json;
using DaprShop.Common;
using DaprShop.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace DaprShop.Members;

/// <summary>An address as it comes in; see <see cref="PostalAddress"/>.</summary>
public sealed record AddressDraft(
    string? Recipient = null, string? Line1 = null, string? Line2 = null,
    string? City = null, string? PostalCode = null, string? Country = null)
{
    /// <summary>Notes what is wrong under <c>{at}.{field}</c>.</summary>
    public void Check(Validation validation, string at)
    {
        validation
            .Text(Recipient, $"{at}.recipient", 100)
            .Text(Line1, $"{at}.line1", 120)
            .Text(City, $"{at}.city", 100)
            .Text(PostalCode, $"{at}.postalCode", 20)
            .Check(
                Country is { Length: 2 } country && country.All(char.IsAsciiLetterUpper),
                $"{at}.country", "Must be two capital letters (ISO 3166-1).");
        if (!string.IsNullOrEmpty(Line2)) validation.Text(Line2, $"{at}.line2", 120);
    }

    /// <summary>Only after <see cref="Check"/>.</summary>
    public PostalAddress ToAddress() => new(
        Recipient!.Trim(), Line1!.Trim(), string.IsNullOrEmpty(Line2) ? null : Line2.Trim(), City!.Trim(), PostalCode!.Trim(), Country!);
}

/// <summary>A list of addresses as it goes out, which may come in again.</summary>
public sealed record AddressList(IReadOnlyList<AddressDraft>? Items = null);

/// <summary><c>/api/members/me/addresses</c>: a short list, read and replaced as a whole.</summary>
public static class AddressEndpoints
{
    private const int MaxAddresses = 20;

    public static void MapAddresses(this WebApplication app)
    {
        var addresses = app.MapGroup("/api/members/me/addresses").RequireAuthorization();
        addresses.MapGet("", async (ClaimsPrincipal user, MemberStore members, CancellationToken cancellation) =>
            TypedResults.Ok(AsPage(await members.AddressesAsync(user.MemberId(), cancellation))));
        addresses.MapPut("", ReplaceAsync).AddOpenApiOperationTransformer(DescribeBody);
    }

    private static async Task<Results<Ok<Page<PostalAddress>>, Problem>> ReplaceAsync(
        JsonElement body, ClaimsPrincipal user, MemberStore members, CancellationToken cancellation)
    {
        if (!TryRead(body, out var drafts)) return Problem.BadRequest("Send a list of addresses, or {\"items\": […]}.");
        var validation = new Validation().Check(drafts.Count <= MaxAddresses, "items", $"At most {MaxAddresses} addresses.");
        for (var at = 0; at < Math.Min(drafts.Count, MaxAddresses); at++) drafts[at].Check(validation, $"items[{at}]");
        if (validation.Problem is { } invalid) return invalid;

        var addresses = drafts.Select(draft => draft.ToAddress()).ToList();
        await members.SaveAddressesAsync(user.MemberId(), addresses, cancellation);
        return TypedResults.Ok(AsPage(addresses));
    }

    private static bool TryRead(JsonElement body, out IReadOnlyList<AddressDraft> drafts)
    {
        drafts = [];
        try
        {
            var read = body.ValueKind is JsonValueKind.Array
                ? body.Deserialize(MembersJson.Default.IReadOnlyListAddressDraft)
                : body.Deserialize(MembersJson.Default.AddressList)?.Items;
            if (read is null || read.Contains(null!)) return false;
            drafts = read;
            return true;
        }
        catch (JsonException error)
        {
            throw new BadHttpRequestException("The addresses cannot be read.", error);
        }
    }

    private static Task DescribeBody(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        var list = new OpenApiSchema
        {
            Type = JsonSchemaType.Array,
            MaxItems = MaxAddresses,
            Items = new OpenApiSchemaReference(nameof(PostalAddress), context.Document),
        };
        var page = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Properties = new Dictionary<string, IOpenApiSchema> { ["items"] = list },
            Required = new HashSet<string> { "items" },
        };
        operation.RequestBody!.Content!["application/json"].Schema = new OpenApiSchema { AnyOf = [list, page] };
        return Task.CompletedTask;
    }

    private static Page<PostalAddress> AsPage(IReadOnlyList<PostalAddress> addresses) => new(addresses, addresses.Count, 1, MaxAddresses);
}
