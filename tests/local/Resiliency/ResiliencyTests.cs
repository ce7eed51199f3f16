using System.Net;
using DaprShop.Local.Configuration;
using DaprShop.Local.Resiliency;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace DaprShop.Local.Tests.Resiliency;

public sealed class ResiliencyTests
{
    private const string Twice = "retries: { twice: { duration: 0s, maxRetries: 2 } }";

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void What_no_policy_names_has_no_pipeline()
    {
        var policies = Policies("retries: { DaprBuiltInServiceRetries: { maxRetries: 9 } }", "{}");
        Assert.Null(policies.App("payment"));
        Assert.Null(policies.Outbound("pubsub", ComponentKind.Pubsub));
        Assert.Equal(new InboundPolicy(null, null), policies.Inbound("pubsub", ComponentKind.Pubsub));
        Assert.Equal(new ActorPolicy(null, null), policies.Actor("OrderActor", "1"));
        Assert.False(policies.HasActor("OrderActor"));
    }

    [Fact]
    public async Task A_call_that_takes_too_long_is_given_up()
    {
        var policy = Policies("timeouts: { soon: 250ms }", "apps: { payment: { timeout: soon } }").App("payment")!.For("a");
        var call = policy.ExecuteAsync(async cancel => await Task.Delay(Timeout.Infinite, cancel)).AsTask();
        _time.Advance(TimeSpan.FromMilliseconds(250));
        await Assert.ThrowsAsync<TimeoutRejectedException>(() => call);
    }

    [Fact]
    public async Task A_retry_may_be_months_away()
    {
        const string late = "retries: { late: { duration: 2000h, maxRetries: 1 } }";
        var policy = Policies(late, "apps: { payment: { retry: late } }").App("payment")!.For("a");
        var tries = 0;
        var call = policy.ExecuteAsync(_ => tries++ == 0 ? throw new IOException() : ValueTask.FromResult(7)).AsTask();
        while (!call.IsCompleted)
        {
            _time.Advance(TimeSpan.FromHours(12));
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
        Assert.Equal((7, 2), (await call, tries));
    }

    [Theory]
    [InlineData("2000h", 24)]
    [InlineData("1h", 1)]
    [InlineData("0s", null)]
    public void The_time_of_a_turn_is_what_a_timer_can_be_set_to(string timeout, int? hours)
    {
        var turn = Policies($"timeouts: {{ t: {timeout} }}", "actors: { OrderActor: { timeout: t } }").Actor("OrderActor", "1").Turn;
        TimeSpan? expected = hours is { } some ? TimeSpan.FromHours(some) : null;
        Assert.Equal(expected, turn);
    }

    [Fact]
    public async Task Failures_are_tried_again_as_often_as_the_policy_says()
    {
        var policy = Policies(Twice, "apps: { payment: { retry: twice } }").App("payment")!.For("a");
        var tries = 0;
        await Assert.ThrowsAsync<IOException>(async () => await policy.ExecuteAsync(_ => throw new IOException($"{++tries}")));
        Assert.Equal(3, tries);
    }

    [Theory]
    [InlineData(null, 404, 2)]
    [InlineData("500-599,429", 429, 2)]
    [InlineData("500-599,429", 503, 2)]
    [InlineData("500-599,429", 404, 1)]
    [InlineData("500-599", 302, 1)]
    public async Task Only_matching_statuses_are_tried_again(string? statuses, int status, int expectedTries)
    {
        var matching = statuses is null ? "" : $", matching: {{ httpStatusCodes: \"{statuses}\" }}";
        var policy = Policies(
            $"retries: {{ once: {{ duration: 0s, maxRetries: 1{matching} }} }}", "apps: { payment: { retry: once } }").App("payment")!.For("a");
        var tries = 0;
        var response = await policy.ExecuteAsync(_ =>
        {
            tries++;
            return ValueTask.FromResult(new HttpResponseMessage((HttpStatusCode)status));
        });
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(expectedTries, tries);
    }

    [Fact]
    public void Grpc_statuses_match_by_their_own_list()
    {
        var retry = Retry("{ matching: { gRPCStatusCodes: \"14\" } }");
        Assert.True(retry.Retries(Outcome.FromException<object>(new RpcException(new Status(StatusCode.Unavailable, "")))));
        Assert.False(retry.Retries(Outcome.FromException<object>(new RpcException(new Status(StatusCode.NotFound, "")))));
    }

    [Fact]
    public void Retries_default_to_every_five_seconds_for_ever()
    {
        var retry = Retry("{ policy: constant }");
        Assert.Equal(TimeSpan.FromSeconds(5), retry.DelayAfter(1));
        Assert.Equal(TimeSpan.FromSeconds(5), retry.DelayAfter(int.MaxValue));
    }

    [Fact]
    public void Exponential_waits_grow_to_the_longest_allowed_and_end()
    {
        var retry = Retry("{ policy: exponential, maxInterval: 2s, maxRetries: 10 }");
        Assert.InRange(retry.DelayAfter(1)!.Value.TotalSeconds, 0.25, 0.75);
        Assert.InRange(retry.DelayAfter(3)!.Value.TotalSeconds, 0.56, 1.69);
        Assert.InRange(retry.DelayAfter(10)!.Value.TotalSeconds, 1, 3);
        Assert.Null(retry.DelayAfter(11));
    }

    [Fact]
    public async Task A_breaker_opens_when_its_expression_holds_and_closes_after_a_good_probe()
    {
        var policies = Policies(
            "circuitBreakers: { b: { trip: consecutiveFailures > 1, timeout: 10s } }", "apps: { payment: { circuitBreaker: b } }");
        var policy = policies.App("payment")!.For("a");
        await FailAsync(policy);
        await FailAsync(policy);
        await Assert.ThrowsAsync<BrokenCircuitException>(async () => await policy.ExecuteAsync(_ => ValueTask.CompletedTask));
        await policies.App("payment")!.For("b").ExecuteAsync(_ => ValueTask.CompletedTask);

        _time.Advance(TimeSpan.FromSeconds(10));
        await FailAsync(policy);
        await Assert.ThrowsAsync<BrokenCircuitException>(async () => await policy.ExecuteAsync(_ => ValueTask.CompletedTask));

        _time.Advance(TimeSpan.FromSeconds(10));
        await policy.ExecuteAsync(_ => ValueTask.CompletedTask);
        await FailAsync(policy);
        await policy.ExecuteAsync(_ => ValueTask.CompletedTask);
    }

    [Fact]
    public async Task An_open_breaker_is_not_tried_again()
    {
        var policy = Policies(
            "retries: { ever: { duration: 0s } }, circuitBreakers: { b: { trip: totalFailures >= 3 } }",
            "apps: { payment: { circuitBreaker: b, retry: ever } }").App("payment")!.For("a");
        var tries = 0;
        await Assert.ThrowsAsync<BrokenCircuitException>(async () => await policy.ExecuteAsync(_ => throw new IOException($"{++tries}")));
        Assert.Equal(3, tries);
    }

    [Theory]
    [InlineData("consecutiveFailures > 5", 5, false)]
    [InlineData("consecutiveFailures > 5", 6, true)]
    [InlineData("requests >= 10 && totalFailures > 2", 3, true)]
    [InlineData("requests > 10 && totalFailures > 2", 3, false)]
    [InlineData("requests > 10 || totalFailures > 2", 3, true)]
    [InlineData(" totalFailures==4 ", 4, true)]
    public void Trip_expressions(string expression, long failures, bool trips) =>
        Assert.Equal(trips, TripExpression.Parse(expression).Holds(new BreakerCounts(10, 10 - failures, failures, 0, failures)));

    [Fact]
    public async Task Actor_breakers_are_for_the_type_or_for_each_id()
    {
        var policies = Policies(
            "circuitBreakers: { b: { trip: consecutiveFailures > 0 } }",
            "actors: { One: { circuitBreaker: b, circuitBreakerScope: type }, Each: { circuitBreaker: b, circuitBreakerScope: id } }");
        await FailAsync(policies.Actor("One", "1").BeforeTurn!);
        await FailAsync(policies.Actor("Each", "1").BeforeTurn!);
        await Assert.ThrowsAsync<BrokenCircuitException>(
            async () => await policies.Actor("One", "2").BeforeTurn!.ExecuteAsync(_ => ValueTask.CompletedTask));
        await policies.Actor("Each", "2").BeforeTurn!.ExecuteAsync(_ => ValueTask.CompletedTask);
    }

    [Theory]
    [InlineData("", 100)]
    [InlineData(", circuitBreakerCacheSize: 0", 100)]
    [InlineData(", circuitBreakerCacheSize: 2", 2)]
    public void Breakers_of_the_methods_called_last_are_remembered(string size, int count)
    {
        var policy = Policies("circuitBreakers: { b: {} }", $"apps: {{ payment: {{ circuitBreaker: b{size} }} }}").App("payment")!;
        var first = policy.For("0");
        for (var method = 1; method < count; method++) policy.For($"{method}");
        Assert.Same(first, policy.For("0"));
        for (var method = 1; method <= count; method++) policy.For($"{method}");
        Assert.NotSame(first, policy.For("0"));
    }

    [Fact]
    public void Without_a_breaker_all_methods_share_a_pipeline()
    {
        var policy = Policies(Twice, "apps: { payment: { retry: twice } }").App("payment")!;
        Assert.Same(policy.For("a"), policy.For("b"));
        Assert.False(policy.IsPerMethod);
    }

    [Fact]
    public async Task Breakers_of_the_actors_called_last_are_remembered()
    {
        var policies = Policies(
            "circuitBreakers: { b: { trip: consecutiveFailures > 0 } }",
            "actors: { Each: { circuitBreaker: b, circuitBreakerScope: id, circuitBreakerCacheSize: 2 } }");
        var first = policies.Actor("Each", "1");
        await FailAsync(policies.Actor("Each", "2").BeforeTurn!);
        Assert.Same(first, policies.Actor("Each", "1"));
        policies.Actor("Each", "2");
        policies.Actor("Each", "3");
        await Assert.ThrowsAsync<BrokenCircuitException>(
            async () => await policies.Actor("Each", "2").BeforeTurn!.ExecuteAsync(_ => ValueTask.CompletedTask));
        Assert.NotSame(first, policies.Actor("Each", "1"));
    }

    [Fact]
    public void Five_thousand_breakers_of_actors_are_remembered_when_the_file_does_not_say_how_many()
    {
        var policies = Policies("circuitBreakers: { b: {} }", "actors: { Each: { circuitBreaker: b, circuitBreakerScope: id } }");
        var first = policies.Actor("Each", "0");
        for (var id = 1; id < 5000; id++) policies.Actor("Each", $"{id}");
        Assert.Same(first, policies.Actor("Each", "0"));
        for (var id = 1; id <= 5000; id++) policies.Actor("Each", $"{id}");
        Assert.NotSame(first, policies.Actor("Each", "0"));
    }

    [Fact]
    public void Default_policies_apply_to_targets_without_an_entry_most_specific_name_first()
    {
        var policies = Policies(
            "retries: { DefaultPubsubComponentInboundRetryPolicy: { maxRetries: 7 }, DefaultRetryPolicy: { maxRetries: 1 } },"
            + "timeouts: { DefaultTimeoutPolicy: 3s, named: 1s }",
            "components: { mine: { inbound: { timeout: named } } }, actors: { A: { timeout: named } }");
        Assert.Equal(7, policies.Inbound("pubsub", ComponentKind.Pubsub).Retry!.MaxRetries);
        Assert.Equal(1, policies.Inbound("cron", ComponentKind.Binding).Retry!.MaxRetries);
        Assert.Null(policies.Inbound("mine", ComponentKind.Pubsub).Retry);
        Assert.Equal(TimeSpan.FromSeconds(3), policies.Actor("B", "1").Turn);
        Assert.Equal(TimeSpan.FromSeconds(1), policies.Actor("A", "1").Turn);
    }

    [Fact]
    public void Files_are_scoped_to_apps()
    {
        var yaml = Yaml("timeouts: { t: 1s }", "apps: { payment: { timeout: t } }") + "scopes: [ordering]\n";
        var spec = ResiliencySpec.Parse(yaml, "r.yaml");
        var policies = new ResiliencyPolicies([spec], _time);
        Assert.NotNull(policies.For("ordering").App("payment"));
        Assert.Null(policies.For("web").App("payment"));
    }

    [Fact]
    public void Files_are_those_that_daprd_reads()
    {
        var folder = Directory.CreateTempSubdirectory("daprshop-");
        foreach (var name in (string[])["a.yaml", "B.YAML", "c.Yml", "readme.txt"])
            File.WriteAllText(Path.Combine(folder.FullName, name), Yaml("{}", "{}"));
        var files = ResiliencySpec.Load([folder.FullName]).Select(spec => Path.GetFileName(spec.Source)).ToArray();
        folder.Delete(recursive: true);
        Assert.Equal(["B.YAML", "a.yaml", "c.Yml"], files);
    }

    [Theory]
    [InlineData("spec:")]
    [InlineData("spec: { policies: , targets: }")]
    [InlineData("spec: { policies: { timeouts: , retries: , circuitBreakers: }, targets: { apps: , actors: , components: } }\nscopes:")]
    [InlineData("spec: { targets: { apps: { payment: }, actors: { OrderActor: }, components: { pubsub: } } }")]
    [InlineData("spec: { targets: { components: { pubsub: { inbound: , outbound: } } } }")]
    public void An_empty_section_says_nothing(string text)
    {
        var spec = ResiliencySpec.Parse("apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: { name: r }\n" + text, "r.yaml");
        var policies = new ResiliencyPolicies([spec], _time).For("ordering");
        Assert.Null(policies.App("payment"));
        Assert.Equal(new ActorPolicy(null, null), policies.Actor("OrderActor", "1"));
        Assert.Equal(new InboundPolicy(null, null), policies.Inbound("pubsub", ComponentKind.Pubsub));
    }

    [Fact]
    public void An_empty_policy_is_the_default_one()
    {
        Assert.Equal(TimeSpan.FromSeconds(5), Retry("").DelayAfter(int.MaxValue));
        Assert.NotNull(Policies("circuitBreakers: { b: }", "apps: { payment: { circuitBreaker: b } }").App("payment")!.For("a"));
    }

    [Fact]
    public async Task A_body_that_cannot_be_kept_is_sent_once_and_a_small_one_again()
    {
        var policy = Policies(Twice, "apps: { payment: { retry: twice } }").App("payment")!.For("a");
        var peer = new Peer();
        using var invoker = new ResilientInvoker(new HttpMessageInvoker(peer), policy, retries: true);

        await invoker.SendAsync(new HttpRequestMessage(HttpMethod.Post, "http://peer/") { Content = new StringContent("hello") }, default);
        Assert.Equal(["hello", "hello", "hello"], peer.Bodies);

        peer.Bodies.Clear();
        var stream = new StreamContent(new MemoryStream(new byte[ResilientInvoker.MaxReplayedBody + 1]));
        var response = await invoker.SendAsync(new HttpRequestMessage(HttpMethod.Post, "http://peer/") { Content = stream }, default);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Single(peer.Bodies);
    }

    [Theory]
    [InlineData("timeouts: { t: soon }", "{}", "r.yaml: timeouts.t: 'soon' is not a duration such as 5s or 200ms")]
    [InlineData("timeouts: { t: }", "{}", "r.yaml: timeouts.t: '' is not a duration such as 5s or 200ms")]
    [InlineData("retries: { r: { policy: often } }", "{}", "r.yaml: retries.r: policy 'often' is neither constant nor exponential")]
    [InlineData("retries: { r: { matching: { httpStatusCodes: 5xx } } }", "{}", "r.yaml: retries.r.matching: '5xx' is not a status code")]
    [InlineData("circuitBreakers: { b: { trip: failures > 1 } }", "{}", "r.yaml: circuitBreakers.b.trip: 'failures > 1' is not")]
    [InlineData("{}", "apps: { payment: { retry: none } }", "r.yaml: apps.payment: there is no retry policy 'none'")]
    [InlineData("circuitBreakers: { b: {} }", "actors: { A: { circuitBreaker: b } }", "r.yaml: actors.A: circuitBreakerScope must be")]
    [InlineData(
        "circuitBreakers: { b: {} }", "actors: { A: { circuitBreaker: b, circuitBreakerScope: id, circuitBreakerCacheSize: -1 } }",
        "r.yaml: actors.A: circuitBreakerCacheSize must not be negative")]
    [InlineData(
        "circuitBreakers: { b: {} }", "apps: { payment: { circuitBreaker: b, circuitBreakerCacheSize: -1 } }",
        "r.yaml: apps.payment: circuitBreakerCacheSize must not be negative")]
    [InlineData("retries: { r: { initialInterval: 1s } }", "{}", "r.yaml:4: Property 'initialInterval' not found")]
    public void What_is_wrong_is_said_in_one_line(string policies, string targets, string message)
    {
        var error = Assert.Throws<ConfigurationError>(() => Policies(policies, targets));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("1h2m3s4ms", 3_723_004)]
    [InlineData("1.5s", 1_500)]
    [InlineData("-2m", -120_000)]
    [InlineData("0", 0)]
    [InlineData("500us", 0.5)]
    public void Go_durations(string text, double milliseconds)
    {
        Assert.True(GoDuration.TryParse(text, out var duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("1 s")]
    [InlineData("1d")]
    [InlineData("..s")]
    [InlineData("99999999999999999999h")]
    public void Not_go_durations(string text) => Assert.False(GoDuration.TryParse(text, out _));

    private static async Task FailAsync(ResiliencePipeline policy) =>
        await Assert.ThrowsAsync<IOException>(async () => await policy.ExecuteAsync(_ => throw new IOException()));

    private RetryPolicy Retry(string yaml) =>
        Policies($"retries: {{ r: {yaml} }}", "components: { c: { inbound: { retry: r } } }").Inbound("c", ComponentKind.Pubsub).Retry!;

    private AppResiliency Policies(string policies, string targets) =>
        new ResiliencyPolicies([ResiliencySpec.Parse(Yaml(policies, targets), "r.yaml")], _time).For("ordering");

    private static string Yaml(string policies, string targets) => $$"""
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata: { name: r }
        spec: { policies: {{Flow(policies)}}, targets: {{Flow(targets)}} }

        """;

    private static string Flow(string yaml) => yaml == "{}" ? yaml : $"{{ {yaml} }}";

    private sealed class Peer : HttpMessageHandler
    {
        public List<string> Bodies { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Bodies.Add(await request.Content!.ReadAsStringAsync(cancellationToken));
            return new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        }
    }
}
