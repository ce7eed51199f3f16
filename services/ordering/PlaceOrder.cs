using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Ordering;

/// <summary>The body of <c>POST /api/orders</c>. Everything may be missing or wrong: see <see cref="Check"/>.</summary>
public sealed partial record PlaceOrder(
    IReadOnlyList<PlaceOrder.Line?>? Items = null, bool FromBasket = false, PlaceOrder.Address? ShippingAddress = null,
    string? ShippingMethod = null, string? PaymentToken = null)
{
    public const int MaxLines = 50;
    public const int MaxQuantity = 99;

    public sealed record Line(string? ProductId = null, int Quantity = 0);

    public sealed record Address(
        string? Recipient = null, string? Line1 = null, string? Line2 = null, string? City = null,
        string? PostalCode = null, string? Country = null);

    /// <summary>The 400 to answer, or null when all that can be seen without asking others is well.</summary>
    public Problem? Check()
    {
        var check = new Validation();
        CheckLines(check);
        CheckAddress(check);
        check.Check(ShippingMethod is "standard" or "express", "shippingMethod", "Required: standard or express.");
        check.Check(PaymentToken is not null && TokenPattern().IsMatch(PaymentToken), "paymentToken", "Required: a payment token, tok_….");
        return check.Problem;
    }

    /// <summary>The lines asked for, each product once.</summary>
    public IReadOnlyList<StockLine> Lines() =>
        [.. (Items ?? []).GroupBy(line => line!.ProductId!, (id, lines) => new StockLine(id, lines.Sum(line => line!.Quantity)))];

    public PostalAddress To()
    {
        var to = ShippingAddress!;
        return new PostalAddress(to.Recipient!, to.Line1!, to.Line2, to.City!, to.PostalCode!, to.Country!);
    }

    /// <summary>Tells this body from any other, and nothing about it.</summary>
    public string Hash(JsonSerializerOptions json) => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(this, json)));

    /// <summary>The form in which an idempotency key becomes part of a state key.</summary>
    public static string HashKey(string idempotencyKey) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(idempotencyKey)));

    private void CheckLines(Validation check)
    {
        if (FromBasket)
        {
            check.Check(Items is null, "items", "Either items or fromBasket, not both.");
            return;
        }
        check.Check(Items is { Count: >= 1 and <= MaxLines }, "items", $"Required: 1 to {MaxLines} lines, or fromBasket.");
        foreach (var (index, line) in (Items ?? []).Take(MaxLines).Index())
        {
            check.Check(Ids.IsSlug(line?.ProductId), $"items[{index}].productId", "Required: a product id.");
            check.Check(line?.Quantity is >= 1 and <= MaxQuantity, $"items[{index}].quantity", $"Required: 1 to {MaxQuantity}.");
        }
        if (check.Problem is null)
            check.Check(Lines().All(line => line.Quantity <= MaxQuantity), "items", $"At most {MaxQuantity} of a product.");
    }

    private void CheckAddress(Validation check)
    {
        const string at = "shippingAddress";
        if (ShippingAddress is not { } to)
        {
            check.Check(false, at, "Required.");
            return;
        }
        check.Text(to.Recipient, $"{at}.recipient", 100)
            .Text(to.Line1, $"{at}.line1", 200)
            .Text(to.City, $"{at}.city", 100)
            .Text(to.PostalCode, $"{at}.postalCode", 20)
            .Check(to.Country is { Length: 2 } && to.Country.All(char.IsAsciiLetterUpper), $"{at}.country", "Required: two capital letters (ISO 3166-1).");
        if (to.Line2 is not (null or "")) check.Text(to.Line2, $"{at}.line2", 200);
    }

    [GeneratedRegex("^tok_[A-Za-z0-9_-]{1,60}\\z")]
    private static partial Regex TokenPattern();

}
