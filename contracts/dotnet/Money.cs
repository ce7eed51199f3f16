using System.Text.Json.Serialization;

namespace DaprShop.Contracts;

/// <summary>An amount in integer minor units (1299 = 12.99) of one ISO 4217 currency.</summary>
/// <param name="Amount">Minor units; never a fraction.</param>
/// <param name="Currency">Three upper-case letters, e.g. <c>USD</c>.</param>
public readonly record struct Money([property: JsonRequired] long Amount, [property: JsonRequired] string Currency)
{
    public static Money Zero(string currency) => new(0, currency);

    /// <exception cref="InvalidOperationException">The currencies differ.</exception>
    /// <exception cref="OverflowException">The sum does not fit.</exception>
    public static Money operator +(Money left, Money right) => new(checked(left.Amount + right.Amount), Same(left, right));

    /// <inheritdoc cref="op_Addition"/>
    public static Money operator -(Money left, Money right) => new(checked(left.Amount - right.Amount), Same(left, right));

    /// <exception cref="OverflowException">The product does not fit.</exception>
    public static Money operator *(Money left, int factor) => left with { Amount = checked(left.Amount * factor) };

    private static string Same(Money left, Money right) => left.Currency == right.Currency
        ? left.Currency
        : throw new InvalidOperationException($"{left.Currency} and {right.Currency} do not add up.");
}
