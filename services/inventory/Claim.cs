namespace DaprShop.Inventory;

/// <summary>What became of an order's wish for one product. Kept for ever, so that a late duplicate is known for what it is.</summary>
/// <param name="State">Where it stands.</param>
/// <param name="Quantity">Pieces.</param>
/// <param name="Missing">When the order was refused: the products that lacked stock, this one or others.</param>
public sealed record Claim(ClaimState State, int Quantity, IReadOnlyList<string>? Missing = null)
{
    /// <summary>Nothing is known of the order here.</summary>
    public static readonly Claim None = new(ClaimState.None, 0);
}

/// <summary>
/// None → Reserved → Committed → Restocked; a hold can also end as OutOfStock (another product of the order was lacking), Released or
/// Expired. Every state but the first two is final, save that a committed claim can be undone once.
/// </summary>
public enum ClaimState
{
    None,
    Reserved,
    OutOfStock,
    Released,
    Committed,
    Restocked,
    Expired,
}
