using DaprShop.Conformance.Tests.Apps;
using DaprShop.Conformance.Tests.Sidecars;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace DaprShop.Conformance.Tests;

/// <summary>Policies around proxied gRPC calls: https://docs.dapr.io/operations/resiliency/targets/#apps</summary>
public sealed class ProxyTests(TestWorld world)
{
    private readonly string _mark = Guid.NewGuid().ToString("N");

    [Theory]
    [InlineData(2, StatusCode.Unavailable, StatusCode.OK, "try 3|")]
    [InlineData(9, StatusCode.Unavailable, StatusCode.Unavailable, "try 4")]
    [InlineData(9, StatusCode.NotFound, StatusCode.NotFound, "try 1")]
    [InlineData(0, StatusCode.OK, StatusCode.OK, "try 1|")]
    public async Task What_the_policy_matches_is_tried_again(int times, StatusCode fails, StatusCode status, string answer) =>
        Assert.Equal((status, answer), await SayAsync("caller", $"fail/{_mark}/{times}/{(int)fails}"));

    [Fact]
    public async Task Its_own_metadata_comes_with_the_answer()
    {
        using var call = world.Grpc("caller").AsyncUnaryCall(
            GrpcApp.Say, null, To("stutterer", ("x-said", "so")), new StringValue { Value = $"fail/{_mark}/1/14" });
        await call;
        Assert.Equal("so", (await call.ResponseHeadersAsync).GetValue("x-heard"));
        Assert.Equal("so", call.GetTrailers().GetValue("x-trailer"));
    }

    /// <summary>In words that depend on who hears of it first: in daprd the app's connection may.</summary>
    [Fact]
    public async Task What_takes_too_long_is_given_up() => Assert.Equal(StatusCode.DeadlineExceeded, (await AskAsync(GrpcApp.Say, "caller", "slow", To("drawler"))).Status);

    [Fact]
    public async Task Of_itself_an_app_hears_its_own_failures() =>
        Assert.Equal((StatusCode.Unavailable, "try 1"), await SayAsync("stutterer", $"fail/{_mark}/1/14"));

    [Theory]
    [InlineData("true")]
    [InlineData("1")]
    [InlineData("Yes")]
    public async Task What_says_that_it_is_a_stream_is_sent_once(string says) =>
        Assert.Equal((StatusCode.Unavailable, "try 1"), await SayAsync("caller", $"fail/{_mark}/1/14", ("dapr-stream", says)));

    [Fact]
    public async Task And_takes_its_time() =>
        Assert.Equal((StatusCode.OK, "slow|"), await AskAsync(GrpcApp.Say, "caller", "slow", To("drawler", ("dapr-stream", "true"))));

    [Fact]
    public async Task What_does_not_say_so_may_say_one_thing_only()
    {
        using var joining = world.Grpc("caller").AsyncClientStreamingCall(GrpcApp.Join, null, To("stutterer"));
        var failure = await Assert.ThrowsAsync<RpcException>(() => JoinAsync(joining));
        Assert.Equal(
            (StatusCode.FailedPrecondition, "cannot use resiliency policies with retries on streaming RPCs"),
            (failure.StatusCode, failure.Status.Detail));

        using var streaming = world.Grpc("caller").AsyncClientStreamingCall(GrpcApp.Join, null, To("stutterer", ("dapr-stream", "true")));
        Assert.Equal("a,b", await JoinAsync(streaming));
    }

    [Fact]
    public async Task Nor_does_it_talk_with_the_app()
    {
        using var echoing = world.Grpc("caller").AsyncDuplexStreamingCall(GrpcApp.Echo, null, To("stutterer"));
        await echoing.RequestStream.WriteAsync(new StringValue { Value = "a" });
        Assert.True(await echoing.ResponseStream.MoveNext(default));
        Assert.Equal("a", echoing.ResponseStream.Current.Value);
        await echoing.RequestStream.WriteAsync(new StringValue { Value = "b" });
        var failure = await Assert.ThrowsAsync<RpcException>(() => echoing.ResponseStream.MoveNext(default));
        Assert.Equal(StatusCode.FailedPrecondition, failure.StatusCode);
    }

    [Theory]
    [InlineData(null, StatusCode.DeadlineExceeded)]
    [InlineData("true", StatusCode.OK)]
    public async Task A_long_answer_needs_to_be_a_stream(string? says, StatusCode status)
    {
        using var counting = world.Grpc("caller").AsyncServerStreamingCall(
            GrpcApp.Count, null, says is null ? To("drawler") : To("drawler", ("dapr-stream", says)), new StringValue { Value = "3/700" });
        Assert.True(await counting.ResponseStream.MoveNext(default));
        try
        {
            while (await counting.ResponseStream.MoveNext(default)) Assert.NotEmpty(counting.ResponseStream.Current.Value);
        }
        catch (RpcException failure)
        {
            Assert.Equal(status, failure.StatusCode);
            return;
        }
        Assert.Equal(StatusCode.OK, status);
    }

    [Fact]
    public async Task A_breaker_is_for_one_method()
    {
        for (var call = 0; call < 31; call++) Assert.Equal(StatusCode.NotFound, (await AskAsync(GrpcApp.Break, "caller", "", To("stutterer"))).Status);
        foreach (var says in new[] { "false", "true" })
        {
            Assert.Equal(
                (StatusCode.Unknown, "circuit breaker is open"), await AskAsync(GrpcApp.Break, "caller", "", To("stutterer", ("dapr-stream", says))));
        }
        Assert.Equal((StatusCode.OK, "hi|"), await SayAsync("caller", "hi"));
    }

    private static async Task<string> JoinAsync(AsyncClientStreamingCall<StringValue, StringValue> joining)
    {
        foreach (var word in new[] { "a", "b" }) await joining.RequestStream.WriteAsync(new StringValue { Value = word });
        await joining.RequestStream.CompleteAsync();
        return (await joining).Value;
    }

    private Task<(StatusCode Status, string Answer)> SayAsync(string caller, string word, params (string, string)[] headers) =>
        AskAsync(GrpcApp.Say, caller, word, To("stutterer", headers));

    private async Task<(StatusCode Status, string Answer)> AskAsync(
        Method<StringValue, StringValue> method, string caller, string word, CallOptions options)
    {
        try
        {
            using var call = world.Grpc(caller).AsyncUnaryCall(method, null, options, new StringValue { Value = word });
            return (StatusCode.OK, (await call).Value);
        }
        catch (RpcException failure)
        {
            return (failure.StatusCode, failure.Status.Detail);
        }
    }

    private static CallOptions To(string app, params (string Name, string Value)[] more)
    {
        var headers = new Metadata { { "dapr-app-id", app } };
        foreach (var (name, value) in more) headers.Add(name, value);
        return new CallOptions(headers, DateTime.UtcNow.AddSeconds(20));
    }
}
