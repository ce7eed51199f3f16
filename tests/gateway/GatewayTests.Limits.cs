using System.Net;
using System.Net.Http.Json;
using DaprShop.Local.Gateway;
using DaprShop.Testing;

namespace DaprShop.Gateway.Tests;

/// <content>How often one may ask, and how much at once.</content>
public abstract partial class GatewayTests
{
    [Theory]
    [InlineData("/api/members")]
    [InlineData("/api/members/token")]
    [InlineData("/sign-in")]
    [InlineData("/sign-up")]
    public async Task Sign_in_and_sign_up_are_limited_strictly_and_nothing_else_is(string path)
    {
        await using var shop = await GatewayUnderTest.StartAsync(kind, new GatewayLimits { StrictPerMinute = 1, StrictBurst = 2 });

        for (var i = 0; i < 3; i++) Assert.Equal(HttpStatusCode.OK, (await shop.Client.PostAsync(path, null)).StatusCode);
        using var refused = await shop.Client.PostAsync(path, null);

        await AssertProblemAsync(refused, HttpStatusCode.TooManyRequests);
        Assert.True(refused.Headers.RetryAfter!.Delta > TimeSpan.Zero);
        Assert.Equal(HttpStatusCode.OK, (await shop.Client.GetAsync("/api/members/me")).StatusCode);
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("192.0.2.1", "c000:201::", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("::ffff:192.0.2.1", "::ffff:192.0.2.2", false)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    // Zeros are left out where there are most of them, in the network or behind it.
    [InlineData("2001:db8::1", "2001:db8:0:0:1::", true)]
    [InlineData("2001:db8::1", "2001:db8::1:0:0:0:1", false)]
    [InlineData("::1", "::1:0:0:1", true)]
    // Bytes that are the end of a line, or one letter in either case.
    [InlineData("2001:db8:a0a:a0a::1", "2001:db8:a0a:a0a:a0a:a0a:a0a:a0a", true)]
    [InlineData("2001:db8:0:41::1", "2001:db8:0:61::1", false)]
    public async Task A_client_is_an_IPv4_address_or_a_network_of_IPv6_addresses(string client, string other, bool isOne) =>
        Assert.Equal(isOne, await CountAsOneAsync(client, other));

    /// <summary>Whether the gateway, which lets each client sign in once, lets two addresses do so once together.</summary>
    protected abstract Task<bool> CountAsOneAsync(string client, string other);

    [Fact]
    public async Task The_generous_limit_is_a_limit_too()
    {
        await using var shop = await GatewayUnderTest.StartAsync(kind, new GatewayLimits { GenerousPerSecond = 1, GenerousBurst = 5 });

        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => shop.Client.GetAsync("/api/catalog/products")));

        Assert.InRange(answers.Count(answer => answer.StatusCode == HttpStatusCode.OK), 6, 20);
        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task Requests_at_once_are_limited_until_one_of_them_ends()
    {
        await using var shop = await GatewayUnderTest.StartAsync(kind, new GatewayLimits { Simultaneous = 3 });
        var unfinished = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => UnfinishedRequest.StartAsync(shop, "/api/orders", 100_000)));

        using var refused = await shop.Client.PostAsJsonAsync("/api/orders", new { a = 1 });

        await AssertProblemAsync(refused, HttpStatusCode.TooManyRequests);
        Assert.True(refused.Headers.RetryAfter!.Delta > TimeSpan.Zero);
        Assert.StartsWith("HTTP/1.1 200 ", await unfinished[0].EndAsync());
        await ShopHost.EventuallyAsync(
            async () => (await shop.Client.GetAsync("/api/orders")).StatusCode == HttpStatusCode.OK, "room after one has ended");
        foreach (var request in unfinished[1..]) Assert.StartsWith("HTTP/1.1 200 ", await request.EndAsync());
    }

    [Fact]
    public async Task An_event_stream_counts_while_it_lasts()
    {
        await using var shop = await GatewayUnderTest.StartAsync(kind, new GatewayLimits { Simultaneous = 1 });
        using (await shop.Client.GetAsync($"/api/orders/{Id}/stream", HttpCompletionOption.ResponseHeadersRead))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, (await shop.Client.GetAsync("/api/orders")).StatusCode);
        }
        await ShopHost.EventuallyAsync(
            async () => (await shop.Client.GetAsync("/api/orders")).StatusCode == HttpStatusCode.OK, "a request after the stream");
    }
}
