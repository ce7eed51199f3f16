using System.Net;
using System.Net.Http.Json;

namespace DaprShop.Gateway.Tests;

/// <content>What is large, too large, or no HTTP.</content>
public abstract partial class GatewayTests
{
    [Fact]
    public async Task A_large_cookie_passes_both_ways()
    {
        using var given = await Client.GetAsync("/sign-in");
        var cookie = Assert.Single(given.Headers.GetValues("Set-Cookie"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/basket");
        request.Headers.Add("Cookie", cookie);

        using var response = await Client.SendAsync(request);

        Assert.Equal(cookie, (await response.Content.ReadFromJsonAsync<Seen>())!.Headers["cookie"]);
    }

    [Theory]
    [InlineData(1024 * 1024, false)]
    [InlineData(1_000_000, true)]
    public async Task A_body_of_up_to_one_mebibyte_passes(int length, bool chunked)
    {
        using var response = await PostAsync(length, chunked);

        Assert.Equal(length, (await response.Content.ReadFromJsonAsync<Seen>())!.BodyLength);
    }

    [Theory]
    [InlineData(1024 * 1024 + 1, false)]
    [InlineData(1024 * 1024 + 1, true)]
    [InlineData(20_000_000, false)]
    [InlineData(20_000_000, true)]
    public async Task A_larger_body_is_a_413_problem(int length, bool chunked)
    {
        using var response = await PostAsync(length, chunked);

        await AssertProblemAsync(response, HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task A_request_that_is_no_HTTP_is_400()
    {
        Assert.StartsWith("HTTP/1.1 400 ", await _shop.SendRawAsync("GET /a b HTTP/1.1\r\nHost: shop\r\n\r\n"));
        Assert.StartsWith("HTTP/1.1 400 ", await _shop.SendRawAsync("nonsense\r\n\r\n"));
        Assert.StartsWith("HTTP/1.1 400 ", await _shop.SendRawAsync("GET / HTTP/1.1\r\n\r\n"));
    }

    [Fact]
    public async Task Headers_that_are_too_large_are_431()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/basket");
        for (var i = 0; i < 8; i++) request.Headers.Add($"X-Large-{i}", new string('x', 7000));

        using var response = await Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task Two_ways_to_tell_the_length_of_a_body_do_not_smuggle_a_request()
    {
        var before = _shop["members"].Targets.Count;

        await _shop.SendRawAsync(
            "POST /api/basket HTTP/1.1\r\nHost: shop\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            + "0\r\n\r\nGET /api/members/me HTTP/1.1\r\nHost: shop\r\n\r\n");

        Assert.Equal(before, _shop["members"].Targets.Count);
    }
}
