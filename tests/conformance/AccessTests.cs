using DaprShop.Conformance.Tests.Sidecars;

namespace DaprShop.Conformance.Tests;

/// <summary>Access-control lists of a called app: https://docs.dapr.io/operations/configuration/invoke-allowlist/</summary>
public sealed class AccessTests(TestWorld world)
{
    [Theory]
    [InlineData("caller", "GET", "/open", 200)]
    [InlineData("caller", "POST", "/open", 200)]
    [InlineData("caller", "GET", "/read/x", 200)]
    [InlineData("caller", "POST", "/read/x", 403)]
    [InlineData("caller", "GET", "/shut", 403)]
    [InlineData("caller", "GET", "/other", 403)]
    [InlineData("echo", "GET", "/other", 200)]
    [InlineData("echo", "GET", "/shut", 200)]
    [InlineData("echo", "POST", "/shut", 403)]
    [InlineData("events", "GET", "/open", 403)]
    public async Task A_list_says_who_may_call_what(string caller, string verb, string path, int status)
    {
        world.NotOnDaprd("daprd knows its callers by their certificates; without Sentry there are none");
        var answer = await world.CallAsync(caller, verb, "/v1.0/invoke/guarded/method" + path, verb == "POST" ? "1" : null);
        Assert.Equal(status, answer.Status);
        if (status == 403) Assert.Equal("ERR_DIRECT_INVOKE", answer.ErrorCode);
    }
}
