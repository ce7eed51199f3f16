using System.Net;
using DaprShop.Local.Gateway;

namespace DaprShop.Gateway.Tests;

/// <content>How often one may ask.</content>
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

    [Fact]
    public async Task The_generous_limit_is_a_limit_too()
    {
        await using var shop = await GatewayUnderTest.StartAsync(kind, new GatewayLimits { GenerousPerSecond = 1, GenerousBurst = 5 });

        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => shop.Client.GetAsync("/api/catalog/products")));

        Assert.InRange(answers.Count(answer => answer.StatusCode == HttpStatusCode.OK), 6, 20);
        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
    }
}
