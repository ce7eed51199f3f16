using DaprShop.Contracts;
using DaprShop.Web.Api;

namespace DaprShop.Web.Pages;

/// <summary>The checkout form as posted; the order service checks it.</summary>
public sealed class CheckoutForm
{
    /// <summary>Made when the form is first shown and kept when it is shown again: one form, one order.</summary>
    public string Key { get; set; } = Guid.NewGuid().ToString();

    /// <summary>What the goods cost as they were shown.</summary>
    public long? Seen { get; set; }

    public string? Recipient { get; set; }

    public string? Line1 { get; set; }

    public string? Line2 { get; set; }

    public string? PostalCode { get; set; }

    public string? City { get; set; }

    public string? Country { get; set; } = "US";

    public string Method { get; set; } = "standard";

    public string PaymentToken { get; set; } = "tok_ok";

    public bool Remember { get; set; }

    /// <summary>"rates": only show the rates for another country.</summary>
    public string? Action { get; set; }

    public PostalAddress Address => new(
        Recipient?.Trim() ?? "", Line1?.Trim() ?? "", string.IsNullOrWhiteSpace(Line2) ? null : Line2.Trim(), City?.Trim() ?? "",
        PostalCode?.Trim() ?? "", Country ?? "");

    public PlaceOrder Order => new(FromBasket: true, Address, Method, PaymentToken);

    public static CheckoutForm For(PostalAddress address) => new()
    {
        Recipient = address.Recipient,
        Line1 = address.Line1,
        Line2 = address.Line2,
        PostalCode = address.PostalCode,
        City = address.City,
        Country = address.Country,
    };
}
