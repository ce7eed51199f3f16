using System.Text.Json;
using System.Text.Json.Serialization;
using DaprShop.Contracts;

namespace DaprShop.Catalog;

/// <summary>The catalogue's JSON, on the wire and in the store, written by generated code.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ProductView))]
[JsonSerializable(typeof(Page<ProductView>))]
[JsonSerializable(typeof(ProductInput))]
[JsonSerializable(typeof(Page<CategoryCount>))]
[JsonSerializable(typeof(IReadOnlyList<ProductQuote>))]
[JsonSerializable(typeof(Product))]
[JsonSerializable(typeof(StockLevel))]
[JsonSerializable(typeof(CatalogHead))]
[JsonSerializable(typeof(ChangePage))]
[JsonSerializable(typeof(IndexPage))]
[JsonSerializable(typeof(RelayPosition))]
[JsonSerializable(typeof(StockChanges))]
[JsonSerializable(typeof(List<SeedProduct>))]
[JsonSerializable(typeof(Dapr.CloudEvent<ProductChanged>))]
internal sealed partial class CatalogJson : JsonSerializerContext;
