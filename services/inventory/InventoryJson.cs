using System.Text.Json;
using System.Text.Json.Serialization;
using DaprShop.Contracts;

namespace DaprShop.Inventory;

/// <summary>The service's JSON types, generated at build time.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Stock))]
[JsonSerializable(typeof(Claim))]
[JsonSerializable(typeof(Correction))]
[JsonSerializable(typeof(ProductPage))]
[JsonSerializable(typeof(StockLevel))]
[JsonSerializable(typeof(ReserveStock))]
[JsonSerializable(typeof(StockLines))]
[JsonSerializable(typeof(StockReply))]
[JsonSerializable(typeof(StockChanged))]
[JsonSerializable(typeof(ProductChanged))]
[JsonSerializable(typeof(IReadOnlyList<ProductQuote>))]
internal sealed partial class InventoryJson : JsonSerializerContext;
