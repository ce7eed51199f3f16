using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Conformance.Tests.Apps;
using DaprShop.Conformance.Tests.Sidecars;
using Grpc.Core;
using Client = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace DaprShop.Conformance.Tests;

/// <summary>Access-control lists of a called app: https://docs.dapr.io/operations/configuration/invoke-allowlist/</summary>
public sealed class AccessTests(AccessTests.Guarded guarded) : IClassFixture<AccessTests.Guarded>
{
    private readonly TestWorld _world = guarded.World;

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
        var answer = await _world.CallAsync(caller, verb, "/v1.0/invoke/guarded/method" + path, verb == "POST" ? "1" : null);
        Assert.Equal(status, answer.Status);
        if (status != 200) Assert.Equal("ERR_DIRECT_INVOKE", answer.ErrorCode);
    }

    [Theory]
    [InlineData("caller", 200)]
    [InlineData("echo", 403)]
    public async Task Of_several_policies_for_an_app_the_last_counts(string caller, int status) =>
        Assert.Equal(status, (await _world.CallAsync(caller, "GET", "/v1.0/invoke/twice-guarded/method/x")).Status);

    [Theory]
    [InlineData("open", null)]
    [InlineData("shut", "access control policy has denied access")]
    [InlineData("shut/", "access control policy has denied access")]
    [InlineData("x/../shut", "access control policy has denied access")]
    [InlineData("shut#x", "forbidden character")]
    [InlineData("shut?x", "forbidden character")]
    [InlineData("shut\n", "control character")]
    public async Task It_says_so_of_calls_over_grpc(string method, string? refusal) =>
        AssertRefused(refusal, await InvokeAsync("echo", "guarded", method, HTTPExtension.Types.Verb.Post));

    [Fact]
    public async Task An_escape_is_no_way_around_it()
    {
        _world.NotOnDaprd("daprd asks the list about the escape, and the app for what it stands for");
        var failure = await InvokeAsync("echo", "guarded", "sh%75t", HTTPExtension.Types.Verb.Post);
        AssertRefused("access control policy has denied access", failure);
    }

    [Theory]
    [InlineData("caller", "open", HTTPExtension.Types.Verb.None, "access control policy has denied access")]
    [InlineData("caller", "open", null, "access control policy has denied access")]
    [InlineData("caller", "open", HTTPExtension.Types.Verb.Connect, "invalid HTTP verb")]
    [InlineData("echo", "shut", HTTPExtension.Types.Verb.None, "invalid HTTP verb")]
    [InlineData("echo", "shut", null, "missing HTTP extension field")]
    public async Task A_call_without_a_verb_is_not_even_any(string caller, string method, HTTPExtension.Types.Verb? verb, string refusal) =>
        AssertRefused(refusal, await InvokeAsync(caller, "guarded", method, verb));

    [Fact]
    public async Task Of_an_app_that_speaks_grpc_names_matter_and_verbs_do_not()
    {
        Assert.Equal(403, (await _world.CallAsync("echo", "GET", "/v1.0/invoke/guarded-speaker/method/shut")).Status);
        Assert.Equal(200, (await _world.CallAsync("echo", "POST", "/v1.0/invoke/guarded-speaker/method/SHUT", "1")).Status);
        AssertRefused("access control policy has denied access", await InvokeAsync("echo", "guarded-speaker", "x/../shut"));
        AssertRefused(null, await InvokeAsync("echo", "guarded-speaker", "sh%75t"));
        Assert.Equal("sh%75t", _world["guarded-speaker"].Log.Last(heard => heard.Method == "OnInvoke").Target);
    }

    private static void AssertRefused(string? refusal, RpcException? failure)
    {
        Assert.Equal(refusal is null ? null : StatusCode.Internal, failure?.StatusCode);
        if (refusal is not null) Assert.Contains(refusal, failure!.Status.Detail, StringComparison.Ordinal);
    }

    private async Task<RpcException?> InvokeAsync(string caller, string callee, string method, HTTPExtension.Types.Verb? verb = null)
    {
        var message = new InvokeRequest { Method = method };
        if (verb is { } said) message.HttpExtension = new HTTPExtension { Verb = said };
        try
        {
            await new Client(_world.Grpc(caller)).InvokeServiceAsync(new InvokeServiceRequest { Id = callee, Message = message });
            return null;
        }
        catch (RpcException error)
        {
            return error;
        }
    }

    public sealed class Guarded : IAsyncLifetime
    {
        public TestWorld World { get; } = TestWorld.Certified(
            new TestApp("caller", EchoApp.Map), new TestApp("echo", EchoApp.Map), new TestApp("events", EchoApp.Map),
            new TestApp("flaky", FlakyApp.Map), new TestApp("guarded", EchoApp.Map), new TestApp("twice-guarded", EchoApp.Map),
            new TestApp("guarded-speaker", CallbackApp.Map) { IsGrpc = true, Services = CallbackApp.AddServices });

        public async ValueTask InitializeAsync()
        {
            Assert.SkipUnless(World.Sidecars.CanCertify, "daprd knows its callers by their certificates; without Sentry there are none");
            await World.InitializeAsync();
        }

        public ValueTask DisposeAsync() => World.DisposeAsync();
    }
}
