using System.Text.Json.Serialization;
using DaprShop.Contracts;

namespace DaprShop.Ordering;

/// <summary>The service's JSON types, for every wire and store it uses.</summary>
[JsonSerializable(typeof(PlaceOrder))]
[JsonSerializable(typeof(OrderView))]
[JsonSerializable(typeof(Page<OrderView>))]
[JsonSerializable(typeof(OrderHistory))]
[JsonSerializable(typeof(OrderFile))]
[JsonSerializable(typeof(Submission))]
[JsonSerializable(typeof(OrderReport))]
[JsonSerializable(typeof(OrderNews))]
[JsonSerializable(typeof(CancelAnswer))]
[JsonSerializable(typeof(ShipmentMove))]
[JsonSerializable(typeof(ShipmentAnswer))]
[JsonSerializable(typeof(OrderKey))]
[JsonSerializable(typeof(PagedLog<JournalEntry>))]
[JsonSerializable(typeof(JournalEntry[]))]
[JsonSerializable(typeof(ViewStamp))]
[JsonSerializable(typeof(OrderChanged))]
[JsonSerializable(typeof(Dapr.CloudEvent<OrderChanged>))]
[JsonSerializable(typeof(ShipmentChanged))]
[JsonSerializable(typeof(ProductQuote[]))]
[JsonSerializable(typeof(BasketView))]
[JsonSerializable(typeof(AddToBasket))]
[JsonSerializable(typeof(ShippingRates))]
[JsonSerializable(typeof(ReserveStock))]
[JsonSerializable(typeof(StockLines))]
[JsonSerializable(typeof(StockReply))]
[JsonSerializable(typeof(AuthorizePayment))]
[JsonSerializable(typeof(CapturePayment))]
[JsonSerializable(typeof(PaymentReply))]
[JsonSerializable(typeof(CreateShipment))]
[JsonSerializable(typeof(ShipmentReply))]
internal sealed partial class OrderingJson : JsonSerializerContext;
