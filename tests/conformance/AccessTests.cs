using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Conformance.Tests.Apps;
using DaprShop.Conformance.Tests.Sidecars;
using Grpc.Core;
using Client = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace DaprShop.Conformance.Tests;

/// <summary>Access-control lists of a called app: https://docs.dapr.io/operations/configuration/invoke-allowlist/</summary>
public sealed class AccessTests(TestWorld world)
{
    private const string NoCertificates = "daprd knows its callers by their certificates; without Sentry there are none";

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
    [InlineData("caller", "GET", "/open/below", 200)]
    [InlineData("caller", "GET", "/read", 200)]
    [InlineData("caller", "GET", "/read/x/y", 403)]
    [InlineData("guarded", "GET", "/shut", 200)]
    [InlineData("echo", "POST", "/sh%75t", 403)]
    [InlineData("echo", "POST", "/SHUT", 403)]
    [InlineData("echo", "POST", "/shut%2F", 403)]
    [InlineData("echo", "POST", "/x/../shut", 403)]
    [InlineData("echo", "POST", "/x/%2e%2e/shut", 403)]
    [InlineData("echo", "POST", "/x%2F..%2Fshut", 403)]
    [InlineData("echo", "POST", "/shut/.", 403)]
    [InlineData("echo", "POST", "/x%23/../shut", 403)]
    [InlineData("echo", "POST", "/shut%23x", 500)]
    [InlineData("echo", "POST", "/shut%3Fx", 500)]
    [InlineData("echo", "POST", "/shut%0A", 500)]
    public async Task A_list_says_who_may_call_what(string caller, string verb, string path, int status)
    {
        world.NotOnDaprd(NoCertificates);
        var answer = await world.CallAsync(caller, verb, "/v1.0/invoke/guarded/method" + path, verb == "POST" ? "1" : null);
        Assert.Equal(status, answer.Status);
        if (status != 200) Assert.Equal("ERR_DIRECT_INVOKE", answer.ErrorCode);
    }

    [Theory]
    [InlineData("open", StatusCode.OK)]
    [InlineData("shut", StatusCode.PermissionDenied)]
    [InlineData("shut/", StatusCode.PermissionDenied)]
    [InlineData("x/../shut", StatusCode.PermissionDenied)]
    [InlineData("sh%75t", StatusCode.PermissionDenied)]
    [InlineData("shut#x", StatusCode.Internal)]
    [InlineData("shut?x", StatusCode.Internal)]
    [InlineData("shut\n", StatusCode.Internal)]
    public async Task It_says_so_of_calls_over_grpc(string method, StatusCode status)
    {
        world.NotOnDaprd(NoCertificates);
        Assert.Equal(status, await InvokeAsync(world, method));
    }

    [Fact]
    public async Task Of_an_app_that_speaks_grpc_names_matter_and_verbs_do_not()
    {
        world.NotOnDaprd(NoCertificates);
        await using var small = TestWorld.Of(
            new TestApp("echo", EchoApp.Map), new TestApp("flaky", FlakyApp.Map),
            new TestApp("guarded", CallbackApp.Map) { IsGrpc = true, Services = CallbackApp.AddServices });
        await small.InitializeAsync();

        Assert.Equal(403, (await small.CallAsync("echo", "GET", "/v1.0/invoke/guarded/method/shut")).Status);
        Assert.Equal(200, (await small.CallAsync("echo", "POST", "/v1.0/invoke/guarded/method/SHUT", "1")).Status);
        Assert.Equal(StatusCode.PermissionDenied, await InvokeAsync(small, "x/../shut"));
        Assert.Equal(StatusCode.OK, await InvokeAsync(small, "sh%75t"));
        Assert.Equal("sh%75t", small["guarded"].Log.Last().Target);
    }

    private static async Task<StatusCode> InvokeAsync(TestWorld world, string method)
    {
        var message = new InvokeRequest { Method = method, HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Post } };
        try
        {
            await new Client(world.Grpc("echo")).InvokeServiceAsync(new InvokeServiceRequest { Id = "guarded", Message = message });
            return StatusCode.OK;
        }
        catch (RpcException error)
        {
            return error.StatusCode;
        }
    }
}
