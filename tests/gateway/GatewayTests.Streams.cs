using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;

namespace DaprShop.Gateway.Tests;

/// <content>Answers and conversations that take their time.</content>
public abstract partial class GatewayTests
{
    [Fact]
    public async Task Events_pass_as_they_come_and_the_service_learns_when_the_client_leaves()
    {
        var ordering = _shop["ordering"];
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/orders/{Id}/stream");
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        using (var response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead))
        {
            Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
            using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
            for (var i = 0; i < 3; i++)
            {
                Assert.Equal($"data: {i}", await lines.ReadLineAsync());
                Assert.Equal("", await lines.ReadLineAsync());
                ordering.NextEvent.Release();
            }
        }
        await ordering.StreamClosed.Task.WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Who_asks_for_the_head_of_an_event_stream_can_go_on_at_once()
    {
        await using var shop = await GatewayUnderTest.StartAsync(kind);

        var answers = await shop.SendRawAsync(
            $"HEAD /api/orders/{Id}/stream HTTP/1.1\r\nHost: shop\r\n\r\nGET /api/orders HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n");

        Assert.Equal(2, answers.Split("HTTP/1.1 200 ").Length - 1);
    }

    [Fact]
    public async Task A_large_download_arrives_whole() =>
        Assert.True((await Client.GetByteArrayAsync("/api/catalog/products/x/large")).SequenceEqual(FakeService.Large));

    [Fact]
    public async Task A_web_socket_of_the_storefront_passes()
    {
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{_shop.Settings.Port}/_blazor"), CancellationToken.None);
        await socket.SendAsync(Encoding.UTF8.GetBytes("hello"), WebSocketMessageType.Text, true, CancellationToken.None);
        var buffer = new byte[100];

        var received = await socket.ReceiveAsync(buffer, CancellationToken.None);

        Assert.Equal("echo hello", Encoding.UTF8.GetString(buffer, 0, received.Count));
    }
}
