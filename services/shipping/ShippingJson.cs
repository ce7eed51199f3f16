using System.Text.Json;
using System.Text.Json.Serialization;
using DaprShop.Contracts;

namespace DaprShop.Shipping;

/// <summary>The service's JSON types, generated at build time.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Shipment))]
[JsonSerializable(typeof(ShipmentView))]
[JsonSerializable(typeof(ShipmentChanged))]
[JsonSerializable(typeof(OrderChanged))]
[JsonSerializable(typeof(CreateShipment))]
[JsonSerializable(typeof(ShipmentReply))]
[JsonSerializable(typeof(ShippingRates))]
[JsonSerializable(typeof(Stop))]
[JsonSerializable(typeof(IReadOnlyList<Stop>))]
[JsonSerializable(typeof(IReadOnlyList<Expected>))]
[JsonSerializable(typeof(IReadOnlyList<long>))]
internal sealed partial class ShippingJson : JsonSerializerContext;
