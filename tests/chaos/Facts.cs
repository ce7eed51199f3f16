using DaprShop.Contracts;

namespace DaprShop.Chaos.Tests;

/// <summary>What the shop has promised: who was answered 2xx for which orders, and what it was given to begin with.</summary>
/// <param name="Members">The members.</param>
/// <param name="Stock">What lay on the shelf of each product.</param>
public sealed record Promises(IReadOnlyList<MemberPromises> Members, IReadOnlyDictionary<string, int> Stock);

/// <param name="Member">The member.</param>
/// <param name="Orders">The orders that were accepted, each under a key of its own.</param>
/// <param name="Cancelled">Those of them that were cancelled, and the shop said yes.</param>
/// <param name="Basket">What lay in the basket before the first order.</param>
public sealed record MemberPromises(
    Session Member, IReadOnlyCollection<string> Orders, IReadOnlyCollection<string> Cancelled, IReadOnlyDictionary<string, int> Basket);

/// <summary>Everything the public and the staff APIs say, read once the shop was left alone.</summary>
/// <param name="ByStatus">Ids by status, as the staff's list filters them.</param>
public sealed record Facts(
    IReadOnlyList<MemberFacts> Members, IReadOnlyDictionary<string, OrderFacts> Orders, IReadOnlyList<StockFacts> Stock,
    ILookup<string, string> ByStatus);

public sealed record MemberFacts(
    MemberPromises Promised, IReadOnlyList<string> Listed, IReadOnlyList<NotificationDoc> Notifications,
    IReadOnlyDictionary<string, int> Basket);

/// <param name="Order">Null when there is none.</param>
/// <param name="History">The event stream.</param>
/// <param name="Payment">Null when payment has never heard of the order.</param>
/// <param name="Ledger">The postings.</param>
/// <param name="Shipment">Null when shipping has never heard of the order.</param>
public sealed record OrderFacts(
    string Id, OrderDoc? Order, IReadOnlyList<HappenedDoc> History, PaymentDoc? Payment, IReadOnlyList<PostingDoc> Ledger,
    ShipmentDoc? Shipment);

/// <param name="Promised">What was put there.</param>
/// <param name="Stock">What inventory says.</param>
/// <param name="Shown">What the catalogue says is available.</param>
public sealed record StockFacts(string ProductId, int Promised, StockDoc Stock, int Shown);

public sealed record OrderDoc(string Id, string Status, string? Reason, IReadOnlyList<LineDoc> Items, Money Total, int Version);

public sealed record LineDoc(string ProductId, int Quantity);

public sealed record HappenedDoc(int Version, string Type, string Status);

public sealed record PaymentDoc(string OrderId, string Status, long Authorized, long Captured, long Refunded);

public sealed record PostingDoc(string Step, IReadOnlyList<EntryDoc> Entries);

public sealed record EntryDoc(string Account, long Amount);

public sealed record ShipmentDoc(string OrderId, string Status);

public sealed record StockDoc(string ProductId, int OnHand, int Reserved, int Available);

public sealed record ProductDoc(string Id, int Available);

public sealed record NotificationDoc(string Id, string Kind, string? OrderId);

public sealed record BasketDoc(IReadOnlyList<LineDoc> Items);
