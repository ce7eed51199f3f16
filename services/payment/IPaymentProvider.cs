using DaprShop.Contracts;

namespace DaprShop.Payment;

/// <summary>
/// The party that holds and moves the money. Every call carries the order id as key: the same call again has the same answer and moves
/// nothing twice. Calls may be repeated and may overtake each other.
/// </summary>
public interface IPaymentProvider
{
    /// <summary>Holds the amount on the customer's means of payment.</summary>
    /// <exception cref="ProviderUnavailableException">No answer: it may or may not have happened; ask again.</exception>
    /// <exception cref="ReplyLostException">It happened, and nobody can say so.</exception>
    Task<Authorization> AuthorizeAsync(string key, Money amount, string token, CancellationToken cancellation);

    /// <summary>Takes what is held.</summary>
    /// <returns>Where the charge then stands: captured, unless it was voided or refunded before.</returns>
    Task<ChargeState> CaptureAsync(string key, string reference, CancellationToken cancellation);

    /// <summary>Lets go of what is held, and of anything that is authorised under this key later.</summary>
    /// <param name="key">The order id.</param>
    /// <param name="reference">Null when the shop does not know of an authorisation; there may be one all the same.</param>
    /// <param name="cancellation">Gives up; it may or may not have happened.</param>
    /// <returns>Where the charge then stands: voided, unless it was captured or refunded before.</returns>
    Task<ChargeState> VoidAsync(string key, string? reference, CancellationToken cancellation);

    /// <summary>Gives back what was taken.</summary>
    Task RefundAsync(string key, string reference, CancellationToken cancellation);
}

/// <summary>The provider's yes, with its own name for the hold, or its no, with a code.</summary>
public sealed record Authorization(string? Reference, string? DeclineCode)
{
    public static Authorization Approved(string reference) => new(reference, null);

    /// <summary>The decline code of a key that was voided before it was ever charged.</summary>
    public const string Voided = "voided";

    public static Authorization Declined(string code) => new(null, code);
}

/// <summary>Where a charge stands at the provider.</summary>
public enum ChargeState
{
    Held,
    Captured,
    Voided,
    Refunded,
}

/// <summary>The provider gave no answer; the caller asks again with the same key.</summary>
public sealed class ProviderUnavailableException(string reason) : Exception(reason);

/// <summary>The connection broke after the provider had done its part.</summary>
public sealed class ReplyLostException() : Exception("The connection to the provider broke before its answer came.");
