using System.Text.Json;
using System.Text.Json.Serialization;
using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Basket;

/// <summary>What this service reads and writes as JSON.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Basket))]
[JsonSerializable(typeof(BasketView))]
[JsonSerializable(typeof(Product))]
[JsonSerializable(typeof(PutItem))]
[JsonSerializable(typeof(MergeGuest))]
[JsonSerializable(typeof(AddToBasket))]
[JsonSerializable(typeof(BulkDelivery))]
[JsonSerializable(typeof(BulkOutcome))]
[JsonSerializable(typeof(OrderChanged))]
[JsonSerializable(typeof(ProductChanged))]
[JsonSerializable(typeof(IReadOnlyList<ProductQuote>))]
public sealed partial class BasketJson : JsonSerializerContext;
