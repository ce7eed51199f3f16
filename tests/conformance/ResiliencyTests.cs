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
        Assert.Equal(
            (500, "ERR_DIRECT_INVOKE", "failed to invoke, id: tardy, err: context deadline exceeded"),
            (answer.Status, answer.ErrorCode, answer.Message));
    }

    [Theory]
    [InlineData(2, 500, null, 3)]
    [InlineData(9, 404, StatusCode.NotFound, 4)]
    public async Task Over_grpc_any_failure_is_tried_again(int times, int status, StatusCode? failure, int calls)
    {
        var query = $"times={times}&status={status}";
        Assert.Equal(failure, (await InvokeAsync("flaky", $"fail/{_mark}", query))?.StatusCode);
        Assert.Equal(calls, world["flaky"].Log.Count(heard => heard.Path.EndsWith(_mark, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_breaker_is_for_one_method()
    {
        for (var call = 0; call < 3; call++) Assert.Equal("", (await FailAsync("fragile", _mark)).Body);
        foreach (var verb in new[] { "GET", "POST" })
        {
            var answer = await world.CallAsync("caller", verb, $"/v1.0/invoke/fragile/method/fail/{_mark}?times=9&status=501");
            Assert.Equal(
                (500, "ERR_DIRECT_INVOKE", "failed to invoke, id: fragile, err: circuit breaker is open"),
                (answer.Status, answer.ErrorCode, answer.Message));
        }
        var failure = await InvokeAsync("fragile", $"fail/{_mark}", "times=9&status=500");
        Assert.Equal((StatusCode.Unknown, "circuit breaker is open"), (failure!.StatusCode, failure.Status.Detail));
        Assert.Equal(3, Calls(_mark));
        Assert.Equal("", (await FailAsync("fragile", _mark + "2")).Body);
        Assert.Equal(1, Calls(_mark + "2"));
    }

    [Fact]
    public async Task Breakers_of_the_methods_called_last_are_remembered()
    {
        for (var call = 0; call < 4; call++) await FailAsync("fragile", _mark);
        Assert.Equal(3, Calls(_mark));
        await FailAsync("fragile", _mark + "2");
        await FailAsync("fragile", _mark);
        Assert.Equal(3, Calls(_mark));
        await FailAsync("fragile", _mark + "2");
        await FailAsync("fragile", _mark + "3");
        await FailAsync("fragile", _mark);
        Assert.Equal(4, Calls(_mark));
    }

    [Fact]
    public async Task So_it_is_over_grpc()
    {
        var failure = await InvokeAsync("tardy", $"slow/{_mark}", "");
        Assert.Equal((StatusCode.DeadlineExceeded, "context deadline exceeded"), (failure!.StatusCode, failure.Status.Detail));
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

    private Task<Answer> FailAsync(string app, string mark) =>
        world.CallAsync("caller", "GET", $"/v1.0/invoke/{app}/method/fail/{mark}?times=9&status=500");

    private int Calls(string mark) => world["fragile"].Log.Count(heard => heard.Path.EndsWith("/" + mark, StringComparison.Ordinal));

    private async Task<RpcException?> InvokeAsync(string app, string method, string query)
    {
        var extension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Get, Querystring = query };
        var request = new InvokeServiceRequest { Id = app, Message = new InvokeRequest { Method = method, HttpExtension = extension } };
        try
        {
            await new Client(world.Grpc("caller")).InvokeServiceAsync(request);
            return null;
        }
        catch (RpcException failure)
        {
            return failure;
        }
    }
}
