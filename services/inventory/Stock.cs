using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace DaprShop.Inventory;

/// <summary>
/// The stock of one product: what lies on the shelf and who has a hold on it. Pure; <c>0 ≤ Reserved ≤ OnHand</c> as long as nobody is
/// given more than is <see cref="Available"/>. What changes nothing gives the same object back.
/// </summary>
/// <param name="OnHand">Pieces on the shelf, reserved ones included.</param>
/// <param name="Version">Grows by one with each change.</param>
/// <param name="Reservations">The open reservations, by order id.</param>
public sealed record Stock(int OnHand, long Version, ImmutableDictionary<string, Reservation> Reservations)
{
    /// <summary>The most that staff can put on a shelf.</summary>
    public const int MaxOnHand = 1_000_000;

    /// <summary>Of a product nobody has told of.</summary>
    public static readonly Stock Unknown = new(0, 0, ImmutableDictionary<string, Reservation>.Empty);

    [JsonIgnore]
    public bool IsKnown => Version > 0;

    [JsonIgnore]
    public int Reserved
    {
        get
        {
            var pieces = 0;
            foreach (var (_, reservation) in Reservations) pieces += reservation.Quantity;
            return pieces;
        }
    }

    [JsonIgnore]
    public int Available => OnHand - Reserved;

    /// <summary>A shelf nobody has touched yet.</summary>
    public static Stock Untouched(int onHand) => Unknown with { OnHand = onHand, Version = 1 };

    public bool IsHeldFor(string orderId) => Reservations.ContainsKey(orderId);

    /// <summary>Whether something is reserved until <paramref name="now"/> or earlier.</summary>
    public bool HasExpired(DateTimeOffset now)
    {
        foreach (var (_, reservation) in Reservations)
            if (reservation.ExpiresAt <= now) return true;
        return false;
    }

    /// <summary>Frees what was reserved until <paramref name="now"/> or earlier.</summary>
    public Stock Expire(DateTimeOffset now) => HasExpired(now)
        ? Next(OnHand, Reservations.RemoveRange(Reservations.Where(held => held.Value.ExpiresAt <= now).Select(held => held.Key)))
        : this;

    /// <summary>Holds pieces for an order; the caller has seen to it that they are <see cref="Available"/>.</summary>
    public Stock Hold(string orderId, Reservation reservation) => Next(OnHand, Reservations.SetItem(orderId, reservation));

    /// <summary>Takes what is held for the order off the shelf.</summary>
    public Stock Take(string orderId) => Reservations.TryGetValue(orderId, out var held)
        ? Next(OnHand - held.Quantity, Reservations.Remove(orderId))
        : this;

    /// <summary>What was held for the order is there for others again.</summary>
    public Stock Free(string orderId) => IsHeldFor(orderId) ? Next(OnHand, Reservations.Remove(orderId)) : this;

    /// <summary>Puts back what was taken.</summary>
    public Stock PutBack(int quantity) => Next(OnHand + quantity, Reservations);

    /// <summary>Staff say how much there is; null when that is less than what is reserved, or too much.</summary>
    public Stock? Count(int onHand) =>
        onHand < Reserved || onHand > MaxOnHand ? null
        : onHand == OnHand ? this
        : Next(onHand, Reservations);

    private Stock Next(int onHand, ImmutableDictionary<string, Reservation> reservations) => new(onHand, Version + 1, reservations);
}

/// <summary>Pieces held for an order until a time.</summary>
public sealed record Reservation(int Quantity, DateTimeOffset ExpiresAt);
