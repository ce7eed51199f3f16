using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using DaprShop.Common;
using DaprShop.Ordering;
using DaprShop.Payment;
using DaprShop.Shipping;
using DaprShop.Testing;
using NJsonSchema;

namespace DaprShop.Contracts.Tests;

/// <summary>
/// The events' records and the JSON Schemas in contracts/events say the same: what .NET writes is valid, and nothing else is promised. What
/// the services really tell is held against the schemas wherever a test hears it: see ContractCheck in tests/testing.
/// </summary>
public class EventSchemaTests
{
    private static readonly JsonSerializerOptions s_json = ShopDefaults.CreateJsonOptions();
    private static readonly DateTimeOffset s_now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private const string Id = "0192f0c1-2345-7abc-8def-0123456789ab";

    private static readonly Dictionary<string, IShopEvent> s_examples = new()
    {
        [Topics.MembersRegistered] = new MemberRegistered($"member-{Id}-registered", s_now, Id),
        [Topics.CatalogProductChanged] =
            new ProductChanged("product-kettle-01-1", s_now, "kettle-01", 1, false, "Kettle", "kitchen", new(4999, "USD"), 1200, "/api/catalog/products/kettle-01/image"),
        [Topics.InventoryStockChanged] = new StockChanged("stock-kettle-01-7", s_now, "kettle-01", 7, 10, 3, 7),
        [Topics.OrdersSubmitted] = Order("submitted"),
        [Topics.OrdersConfirmed] = Order("confirmed"),
        [Topics.OrdersRejected] = Order("rejected") with { Reason = "outOfStock" },
        [Topics.OrdersCancelled] = Order("cancelled"),
        [Topics.OrdersShipped] = Order("shipped"),
        [Topics.OrdersDelivered] = Order("delivered"),
        [Topics.PaymentAuthorized] = Payment("authorized"),
        [Topics.PaymentCaptured] = Payment("captured"),
        [Topics.PaymentVoided] = Payment("voided"),
        [Topics.PaymentRefunded] = Payment("refunded"),
        [Topics.PaymentDeclined] = Payment("declined"),
        [Topics.ShippingDispatched] = Shipment("dispatched"),
        [Topics.ShippingDelivered] = Shipment("delivered"),
        [Topics.ShippingReturned] = Shipment("returned"),
    };

    /// <summary>What may be said of the subjects of <c>orders.*</c>, <c>payment.*</c> and <c>shipping.*</c>.</summary>
    private static readonly Dictionary<string, string[]> s_statuses = new()
    {
        ["orders"] = NamesOf<OrderStatus>(),
        ["payment"] = NamesOf<PaymentStatus>(),
        ["shipping"] = NamesOf<ShipmentStatus>(),
    };

    public static TheoryData<string> AllTopics => [.. TopicConstants()];

    [Theory, MemberData(nameof(AllTopics))]
    public async Task What_dotnet_writes_is_valid(string topic)
    {
        var schema = await EventContract.SchemaOf(topic);
        var errors = schema.Validate(Write(topic));
        Assert.True(errors.Count == 0, string.Join("; ", errors.Select(error => error.ToString())));
    }

    [Theory, MemberData(nameof(AllTopics))]
    public async Task The_schema_promises_exactly_what_dotnet_writes(string topic)
    {
        foreach (var (schema, written) in Objects(await EventContract.SchemaOf(topic), JsonNode.Parse(Write(topic))))
        {
            Assert.Equal(schema.Properties.Keys.Order(), written.Select(field => field.Key).Order());
            Assert.Equal(schema.Properties.Keys.Order(), schema.RequiredProperties.Order());
        }
    }

    [Theory, MemberData(nameof(AllTopics))]
    public async Task The_schema_lists_the_values_that_the_code_knows(string topic)
    {
        var (subject, happened) = (topic.Split('.')[0], topic.Split('.')[1]);
        foreach (var (name, field) in (await EventContract.SchemaOf(topic)).Properties)
        {
            if (name is "status")
            {
                Assert.Equal([happened], field.Enumeration);
                Assert.Contains(happened, s_statuses[subject]);
            }
            else
            {
                Assert.Equal(name is "reason" ? NamesOf<RejectReason>() : [], field.Enumeration);
            }
        }
    }

    [Theory, MemberData(nameof(AllTopics))]
    public async Task A_missing_field_or_a_wrong_type_is_invalid(string topic)
    {
        var schema = await EventContract.SchemaOf(topic);
        foreach (var (at, field) in Objects(schema, JsonNode.Parse(Write(topic))).Index().SelectMany(
            found => found.Item.Schema.RequiredProperties.Select(field => (found.Index, field))))
        {
            Assert.NotEmpty(schema.Validate(Change(json => json.Remove(field))));
            Assert.NotEmpty(schema.Validate(Change(json => json[field] = new JsonObject { ["wrong"] = 1 })));

            string Change(Action<JsonObject> change)
            {
                var json = JsonNode.Parse(Write(topic))!;
                change(Objects(schema, json).ElementAt(at).Written);
                return json.ToJsonString();
            }
        }
    }

    [Theory, MemberData(nameof(AllTopics))]
    public void A_consumer_reads_it_back_and_ignores_what_it_does_not_know(string topic)
    {
        var example = s_examples[topic];
        var json = JsonNode.Parse(Write(topic))!;
        json["addedLater"] = "by a newer producer";
        var withMore = json.ToJsonString();
        var read = (IShopEvent)JsonSerializer.Deserialize(withMore, example.GetType(), s_json)!;
        Assert.Equal(example.EventId, read.EventId);
        Assert.Equal(Write(topic), JsonSerializer.Serialize(read, read.GetType(), s_json));
    }

    [Fact]
    public void Every_topic_has_a_schema_and_every_schema_a_topic()
    {
        var schemas = Directory.GetFiles(Path.Combine(Repository.Root, "contracts", "events"), "*.schema.json")
            .Select(file => Path.GetFileName(file).Replace(".schema.json", "", StringComparison.Ordinal));
        Assert.Equal(TopicConstants().Order(), schemas.Order());
        Assert.Equal(TopicConstants().Order(), s_examples.Keys.Order());
    }

    private static OrderChanged Order(string status) => new(
        $"order-{Id}-2", s_now, Id, Id, 2, status, [new OrderedLine("kettle-01", "Kettle", new(4999, "USD"), 2)], new(10497, "USD"));

    private static PaymentChanged Payment(string status) => new($"payment-{Id}-{status}", s_now, Id, Id, status, new(10497, "USD"));

    private static ShipmentChanged Shipment(string status) => new($"shipment-{Id}-{status}", s_now, Id, Id, status, "DS1234567890");

    internal static IEnumerable<string> TopicConstants() => typeof(Topics)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (string)field.GetRawConstantValue()!);

    private static string[] NamesOf<T>() where T : struct, Enum => [.. Enum.GetNames<T>().Select(JsonNamingPolicy.CamelCase.ConvertName)];

    private static string Write(string topic) => JsonSerializer.Serialize(s_examples[topic], s_examples[topic].GetType(), s_json);

    /// <summary>What is written, and all objects within, each with what its schema says.</summary>
    private static IEnumerable<(JsonSchema Schema, JsonObject Written)> Objects(JsonSchema schema, JsonNode? written) => written switch
    {
        JsonObject one => one.SelectMany(field => Objects(schema.Properties[field.Key], field.Value)).Prepend((schema, one)),
        JsonArray many => many.SelectMany(item => Objects(schema.Item!, item)),
        _ => [],
    };
}
