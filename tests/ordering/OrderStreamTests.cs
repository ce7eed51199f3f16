using System.Net.ServerSentEvents;
using System.Text.Json;
using DaprShop.Contracts;

namespace DaprShop.Ordering.Tests;

public class OrderStreamTests(OrderingShop shop)
{
    [Fact]
    public async Task A_stream_tells_the_order_and_each_change_until_it_is_final()
    {
        var ann = shop.NewMember();
        var gate = shop.Peers.Hold("authorize", ann.Id);
        var order = await Member.Read<OrderView>(await ann.Post(Member.Order()));
        List<OrderView> seen = [];

        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        using var response = await ann.Http.GetAsync($"/api/orders/{order.Id}/stream", HttpCompletionOption.ResponseHeadersRead, limit.Token);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync(limit.Token)).EnumerateAsync(limit.Token))
        {
            var view = JsonSerializer.Deserialize<OrderView>(item.Data, OrderingShop.Json)!;
            Assert.Equal(("order", view.Version.ToString()), (item.EventType, item.EventId));
            seen.Add(view);
            gate.TrySetResult();
            if (view.Status == OrderStatus.Confirmed) await Delivered(view.Id, ann.Id);
        }

        Assert.Equal(seen.Select(view => view.Version).Distinct().Order(), seen.Select(view => view.Version));
        Assert.Contains(seen, view => view.Status == OrderStatus.Confirmed);
        Assert.Equal(OrderStatus.Delivered, seen[^1].Status);
        Assert.All(seen, view => Assert.Null(view.MemberId));
    }

    [Fact]
    public async Task The_stream_of_a_final_order_is_that_order()
    {
        var ann = shop.NewMember();
        var order = await ann.Place(Member.Order(token: "tok_declined"));

        var text = await ann.Http.GetStringAsync($"/api/orders/{order.Id}/stream");

        Assert.StartsWith($"event: order\nid: {order.Version}\ndata: {{", text);
        Assert.EndsWith("}\n\n", text);
    }

    private Task Delivered(string orderId, string memberId) => shop.Host.PublishAsync(
        Topics.ShippingDelivered, new ShipmentChanged($"shipment-{orderId}-delivered", Some.Start, orderId, memberId, "delivered", "TRACK-1"));
}
