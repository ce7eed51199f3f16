using System.Globalization;
using DaprShop.Contracts;

namespace DaprShop.Web.Parts;

/// <summary>Values as people read them.</summary>
public static class Format
{
    public static string Price(Money money)
    {
        var amount = (money.Amount / 100m).ToString("#,0.00", CultureInfo.InvariantCulture);
        return money.Currency == "USD" ? $"${amount}" : $"{amount} {money.Currency}";
    }

    public static string Price(long amount, string currency) => Price(new Money(amount, currency));

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("d MMM yyyy, HH:mm 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>"paymentAuthorized" is "Payment authorized".</summary>
    public static string Words(string camelCase)
    {
        var words = string.Concat(camelCase.Select(c => char.IsUpper(c) ? $" {char.ToLowerInvariant(c)}" : c.ToString()));
        return words.Length == 0 ? words : char.ToUpperInvariant(words[0]) + words[1..];
    }

    /// <summary>An order's status for its owner.</summary>
    public static string Status(string status) => status switch
    {
        "submitted" or "stockReserved" or "paymentAuthorized" or "shipmentCreated" => "In progress",
        "cancelling" => "Being cancelled",
        _ => Words(status),
    };

    /// <summary>Why an order was rejected.</summary>
    public static string Reason(string reason) => reason switch
    {
        "outOfStock" => "Something you wanted has just sold out.",
        "paymentDeclined" => "The payment was declined. You have not been charged.",
        "paymentUnavailable" => "The payment provider could not be reached. You have not been charged.",
        "shippingUnavailable" => "We could not arrange delivery to this address. You have not been charged.",
        "deadlineExceeded" => "It took too long to arrange. You have not been charged.",
        _ => "It could not be completed. You have not been charged.",
    };

    public static string ShortId(string id) => id.Length <= 8 ? id : id[^8..];

    public static string Weight(int grams) => grams >= 1000 ? $"{grams / 1000m:0.##} kg" : $"{grams} g";
}
