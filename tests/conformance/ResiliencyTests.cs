using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Conformance.Tests.Sidecars;
using Grpc.Core;
using Client = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace DaprShop.Conformance.Tests;

/// <summary>Policies of <c>Resiliency</c> files around invocation: https://docs.dapr.io/operations/resiliency/</summary>
public sealed class ResiliencyTests(TestWorld world)
{
    private readonly string _mark = Guid.NewGuid().ToString("N");

    [Theory]
    [InlineData(1, 503, 200, 2)]
    [InlineData(3, 503, 200, 4)]
    [InlineData(9, 503, 503, 4)]
    [InlineData(9, 500, 500, 1)]
    [InlineData(9, 404, 404, 1)]
    public async Task What_the_policy_matches_is_tried_again(int times, int status, int answered, int calls)
    {
        var answer = await world.CallAsync("caller", "POST", $"/v1.0/invoke/flaky/method/fail/{_mark}?times={times}&status={status}", "{}");
        Assert.Equal(answered, answer.Status);
        Assert.Equal(calls, world["flaky"].Log.Count(heard => heard.Path.EndsWith(_mark, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_takes_too_long_is_given_up()
    {
        var answer = await world.CallAsync("caller", "GET", $"/v1.0/invoke/tardy/method/slow/{_mark}");
        Assert.Equal((500, "ERR_DIRECT_INVOKE"), (answer.Status, answer.ErrorCode));
    }

    [Fact]
    public async Task So_it_is_over_grpc()
    {
        var request = new InvokeServiceRequest
        {
            Id = "tardy",
            Message = new InvokeRequest { Method = $"slow/{_mark}", HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Get } },
        };
        var failure = await Assert.ThrowsAsync<RpcException>(
            async () => await new Client(world.Grpc("caller")).InvokeServiceAsync(request));
        Assert.Equal((StatusCode.DeadlineExceeded, "context deadline exceeded"), (failure.StatusCode, failure.Status.Detail));
    }

    [Theory]
    [InlineData(2, 200, 3)]
    [InlineData(9, 500, 4)]
    public async Task A_binding_is_tried_again(int times, int answered, int calls)
    {
        var answer = await world.CallAsync("caller", "POST", "/v1.0/bindings/web-flaky", $$$"""
            {"operation":"post","data":1,"metadata":{"path":"/fail/{{{_mark}}}?times={{{times}}}&status=503"}}
            """);
        Assert.Equal(answered, answer.Status);
        Assert.Equal(calls, world["flaky"].Log.Count(heard => heard.Path.EndsWith(_mark, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_binding_that_takes_too_long_is_given_up()
    {
        var answer = await world.CallAsync("caller", "POST", "/v1.0/bindings/web-slow", $$$"""
            {"operation":"get","metadata":{"path":"/slow/{{{_mark}}}"}}
            """);
        Assert.Equal((500, "ERR_INVOKE_OUTPUT_BINDING"), (answer.Status, answer.ErrorCode));
        // What was given up may be on its way still.
        await world["flaky"].HeardAsync(heard => heard.Path.EndsWith(_mark, StringComparison.Ordinal), 4);
        Assert.Equal(4, world["flaky"].Log.Count(heard => heard.Path.EndsWith(_mark, StringComparison.Ordinal)));
    }
}
