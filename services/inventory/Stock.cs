using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace DaprShop.Inventory;

/// <summary>
/// The stock of one product: what lies on the shelf and who has a hold on it. Pure; <c>0 ≤ Reserved ≤ OnHand</c> always.
/// </summary>
/// <param name="OnHand">Pieces on the shelf, reserved ones included.</param>
/// <param name="Version">Grows by one with each change.</param>
/// <param name="Reservations">The open reservations, by order id.</param>
public sealed record Stock(int OnHand, long Version, ImmutableDictionary<string, Reservation> Reservations)
{
    /// <summary>The most that staff can put on a shelf.</summary>
    public const int MaxOnHand = 1_000_000;

    [JsonIgnore]
    public int Reserved => Reservations.Values.Sum(reservation => reservation.Quantity);

    [JsonIgnore]
    public int Available => OnHand - Reserved;

    /// <summary>A shelf nobody has touched yet.</summary>
    public static Stock Untouched(int onHand) => new(onHand, 1, ImmutableDictionary<string, Reservation>.Empty);

    /// <summary>Frees what was reserved until <paramref name="now"/> or earlier; names the orders that lost it.</summary>
    public (Stock Stock, IReadOnlyList<(string OrderId, Claim Claim)> Expired) Expire(DateTimeOffset now)
    {
        var expired = Reservations.Where(reservation => reservation.Value.ExpiresAt <= now).ToArray();
        return expired.Length == 0
            ? (this, [])
            : (Next(OnHand, Reservations.RemoveRange(expired.Select(reservation => reservation.Key))),
                [.. expired.Select(reservation => (reservation.Key, new Claim(ClaimState.Expired, reservation.Value.Quantity)))]);
    }

    /// <summary>Takes a hold for an order that is new here; any other claim answers for itself.</summary>
    /// <param name="productId">Named in the claim when there is not enough.</param>
    /// <param name="orderId">The order.</param>
    /// <param name="claim">What is known of the order's claim so far.</param>
    /// <param name="reservation">What the order wants, and until when.</param>
    /// <param name="now">The time.</param>
    public (Stock Stock, Claim Claim) Reserve(string productId, string orderId, Claim claim, Reservation reservation, DateTimeOffset now) =>
        claim.State is not ClaimState.None ? (this, claim)
        : reservation.ExpiresAt <= now ? (this, new Claim(ClaimState.Expired, reservation.Quantity))
        : reservation.Quantity > Available ? (this, new Claim(ClaimState.OutOfStock, reservation.Quantity, [productId]))
        : (Next(OnHand, Reservations.Add(orderId, reservation)), new Claim(ClaimState.Reserved, reservation.Quantity));

    /// <summary>Takes what is reserved off the shelf.</summary>
    public (Stock Stock, Claim Claim) Commit(string orderId, Claim claim) => claim.State switch
    {
        ClaimState.Reserved =>
            (Next(OnHand - claim.Quantity, Reservations.Remove(orderId)), claim with { State = ClaimState.Committed }),
        _ => (this, claim),
    };

    /// <summary>Undoes whatever was done, and remembers it: a claim that comes later gets nothing.</summary>
    /// <param name="orderId">The order.</param>
    /// <param name="claim">What is known of the order's claim so far.</param>
    /// <param name="missing">When the order ends because it could not have everything: the products that lack stock.</param>
    public (Stock Stock, Claim Claim) Release(string orderId, Claim claim, IReadOnlyList<string>? missing = null)
    {
        var given = missing is null ? ClaimState.Released : ClaimState.OutOfStock;
        return claim.State switch
        {
            ClaimState.None => (this, new Claim(given, 0, missing)),
            ClaimState.Reserved =>
                (Next(OnHand, Reservations.Remove(orderId)), claim with { State = given, Missing = missing }),
            ClaimState.Committed =>
                (Next(OnHand + claim.Quantity, Reservations), claim with { State = ClaimState.Restocked }),
            _ => (this, claim),
        };
    }

    /// <summary>Staff say how much there is; null when that is less than what is reserved, or too much.</summary>
    public Stock? Count(int onHand) =>
        onHand < Reserved || onHand > MaxOnHand ? null
        : onHand == OnHand ? this
        : Next(onHand, Reservations);

    private Stock Next(int onHand, ImmutableDictionary<string, Reservation> reservations) => new(onHand, Version + 1, reservations);
}

/// <summary>Pieces held for an order until a time.</summary>
public sealed record Reservation(int Quantity, DateTimeOffset ExpiresAt);
