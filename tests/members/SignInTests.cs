using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DaprShop.Common;
using DaprShop.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace DaprShop.Members.Tests;

public sealed class SignInTests(MembersHost host) : IClassFixture<MembersHost>
{
    [Fact]
    public async Task The_right_password_gets_tokens_that_nobody_may_cache()
    {
        var member = await host.MemberAsync();
        var response = await host.Visitor().SignInAsync(member.Email.ToUpperInvariant(), MembersHost.Password);
        Assert.True(response.Headers.CacheControl?.NoStore);
        var tokens = await response.TokensAsync();
        Assert.Equal(("Bearer", 900), (tokens.TokenType, tokens.ExpiresIn));

        var claims = JsonDocument.Parse(Decode(tokens.AccessToken.Split('.')[1])).RootElement;
        Assert.Equal(member.Id, claims.GetProperty("sub").GetString());
        Assert.Equal("member", claims.GetProperty("role").GetString());
        Assert.Equal("daprshop", claims.GetProperty("iss").GetString());
        Assert.Equal("daprshop", claims.GetProperty("aud").GetString());
        Assert.Equal(900, claims.GetProperty("exp").GetInt64() - claims.GetProperty("iat").GetInt64());
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_address_answer_alike()
    {
        var member = await host.MemberAsync();
        var wrong = await (await host.Visitor().SignInAsync(member.Email, "wrong horse")).ProblemAsync(HttpStatusCode.Unauthorized);
        var unknown = await (await host.Visitor().SignInAsync(MembersHost.NewEmail(),
            "wrong horse")).ProblemAsync(HttpStatusCode.Unauthorized);
        var nonsense = await (await host.Visitor().SignInAsync("nonsense", "wrong horse")).ProblemAsync(HttpStatusCode.Unauthorized);
        Assert.Equal(wrong.GetProperty("detail").GetString(), unknown.GetProperty("detail").GetString());
        Assert.Equal(wrong.GetProperty("detail").GetString(), nonsense.GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Guessing_is_slowed_down_account_or_not_and_the_member_gets_in_afterwards(bool exists)
    {
        var email = exists ? (await host.MemberAsync()).Email : MembersHost.NewEmail();
        for (var guess = 0; guess < AccountThrottle.FreeFailures; guess++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await host.Visitor().SignInAsync(email, "wrong horse")).StatusCode);

        var slowed = await host.Visitor().SignInAsync(email, MembersHost.Password);
        await slowed.ProblemAsync(HttpStatusCode.TooManyRequests);
        Assert.Equal(TimeSpan.FromSeconds(1), slowed.Headers.RetryAfter?.Delta);

        host.Clock.Advance(TimeSpan.FromSeconds(1));
        var later = await host.Visitor().SignInAsync(email, MembersHost.Password);
        Assert.Equal(exists ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, later.StatusCode);
    }

    [Fact]
    public async Task Guesses_at_once_cannot_slip_past_the_count()
    {
        var email = MembersHost.NewEmail();
        var guesses = await Task.WhenAll(Enumerable.Range(0, 15).Select(_ => host.Visitor().SignInAsync(email, "wrong horse")));
        Assert.InRange(guesses.Count(guess => guess.StatusCode == HttpStatusCode.Unauthorized), 1, AccountThrottle.FreeFailures);
    }

    [Fact]
    public async Task Guesses_at_once_on_many_accounts_cannot_slip_past_the_count_of_their_address()
    {
        var attacker = host.Visitor();
        var guesses = await Task.WhenAll(Enumerable.Range(0, 3 * AddressThrottle.FreeFailures).Select(
            _ => attacker.SignInAsync(MembersHost.NewEmail(), "wrong horse")));
        Assert.Equal(AddressThrottle.FreeFailures, guesses.Count(guess => guess.StatusCode == HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task Many_members_behind_one_address_that_sign_in_at_once_are_no_guessing()
    {
        var office = host.Visitor();
        var members = await Task.WhenAll(Enumerable.Range(0, AddressThrottle.FreeFailures + 5).Select(_ => host.MemberAsync()));
        await Task.WhenAll(members.Select(member => office.TokensAsync(member.Email, MembersHost.Password)));
    }

    [Fact]
    public async Task An_attempt_that_nobody_had_time_for_is_no_guess()
    {
        using var passwords = Hashing(("Passwords:Iterations", "1000"), ("Passwords:AtOnce", "1"), ("Passwords:Queue", "0"));
        await using var shop = await ShopHost.StartAsync(shop => shop.Service(
            "members", MembersService.Create, builder => builder.Services.AddSingleton(passwords),
            ("SignIn:FreeFailures:Account", "1"), ("SignIn:FreeFailures:Address", "1")));
        await MembersHost.WhenReadyAsync(shop);
        var (visitor, email) = (MembersHost.Visitor(shop), MembersHost.NewEmail());
        await visitor.PostAsJsonAsync("/api/members", new { email, password = MembersHost.Password, displayName = "Ada" });

        using (passwords.Enter())
        {
            for (var times = 0; times < 3; times++)
                await (await visitor.SignInAsync(email, MembersHost.Password)).ProblemAsync(HttpStatusCode.ServiceUnavailable);
        }

        await visitor.TokensAsync(email, MembersHost.Password);
    }

    [Fact]
    public async Task A_password_hashed_with_fewer_iterations_is_hashed_again_at_sign_in()
    {
        var member = await host.MemberAsync();
        var key = MemberStore.AccountKey(EmailAddress.Parse(member.Email).Key);
        var store = new StateStore(host.Shop.Dapr("members"), "members-store");
        var (account, etag) = await store.GetAsync<Account>(key, TestContext.Current.CancellationToken);
        using var weak = Hashing(("Passwords:Iterations", "500"));
        using var place = weak.Enter();
        var old = account! with { PasswordHash = await place.HashAsync(MembersHost.Password, TestContext.Current.CancellationToken) };
        Assert.True(await store.TrySaveAsync(key, old, etag, cancellation: TestContext.Current.CancellationToken));

        await member.Client.TokensAsync(member.Email, MembersHost.Password);

        var after = (await store.GetAsync<Account>(key, TestContext.Current.CancellationToken)).Value!;
        Assert.NotEqual(old.PasswordHash, after.PasswordHash);
        Assert.Equal(old with { PasswordHash = after.PasswordHash }, after);
        var tokens = await member.Client.TokensAsync(member.Email, MembersHost.Password);
        Assert.Equal(after, (await store.GetAsync<Account>(key, TestContext.Current.CancellationToken)).Value);
        await (await member.Client.RefreshAsync(tokens.RefreshToken)).TokensAsync();
    }

    [Fact]
    public async Task Signing_in_on_many_devices_at_once_is_no_guessing()
    {
        var member = await host.MemberAsync();
        await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => host.Visitor().TokensAsync(member.Email, MembersHost.Password)));
    }

    [Fact]
    public async Task The_member_at_home_is_not_slowed_by_an_attacker_elsewhere()
    {
        var member = await host.MemberAsync();
        HttpResponseMessage attack;
        do attack = await host.Visitor().SignInAsync(member.Email, "wrong horse");
        while (attack.StatusCode == HttpStatusCode.Unauthorized);
        Assert.Equal(HttpStatusCode.TooManyRequests, attack.StatusCode);
        await member.Client.TokensAsync(member.Email, MembersHost.Password);
    }

    [Fact]
    public async Task One_address_that_tries_many_accounts_is_slowed_down_and_a_restart_does_not_forget()
    {
        var attacker = host.Visitor();
        for (var guess = 0; guess < AddressThrottle.FreeFailures; guess++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await attacker.SignInAsync(MembersHost.NewEmail(), "wrong horse")).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await attacker.SignInAsync(MembersHost.NewEmail(), "wrong horse")).StatusCode);

        await host.Shop.RestartAsync("members");
        await MembersHost.WhenReadyAsync(host.Shop);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await attacker.SignInAsync(MembersHost.NewEmail(), "wrong horse")).StatusCode);
    }

    [Fact]
    public async Task A_refresh_token_is_replaced_when_it_is_used_and_outlives_a_restart()
    {
        var first = (await host.MemberAsync()).Tokens;
        var second = await (await host.Visitor().RefreshAsync(first.RefreshToken)).TokensAsync();
        Assert.NotEqual(first.RefreshToken, second.RefreshToken);
        await host.Shop.RestartAsync("members");
        await MembersHost.WhenReadyAsync(host.Shop);
        await (await host.Visitor().RefreshAsync(second.RefreshToken)).TokensAsync();
    }

    [Fact]
    public async Task A_stolen_refresh_token_ends_the_session()
    {
        var first = (await host.MemberAsync()).Tokens;
        var second = await (await host.Visitor().RefreshAsync(first.RefreshToken)).TokensAsync();
        await (await host.Visitor().RefreshAsync(first.RefreshToken)).ProblemAsync(HttpStatusCode.Unauthorized);
        await (await host.Visitor().RefreshAsync(second.RefreshToken)).ProblemAsync(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Of_two_refreshes_at_once_with_one_token_one_is_theft_unless_a_service_is_late()
    {
        var tokens = (await host.MemberAsync()).Tokens;
        var both = await Task.WhenAll(host.Visitor().RefreshAsync(tokens.RefreshToken), host.Visitor().RefreshAsync(tokens.RefreshToken));
        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.Unauthorized], both.Select(response => response.StatusCode).Order());

        tokens = (await host.MemberAsync()).Tokens;
        both = await Task.WhenAll(Service().RefreshAsync(tokens.RefreshToken), Service().RefreshAsync(tokens.RefreshToken));
        var replacements = await Task.WhenAll(both.Select(response => response.TokensAsync()));
        Assert.NotEqual(replacements[0].RefreshToken, replacements[1].RefreshToken);
        await (await Service().RefreshAsync(replacements[0].RefreshToken)).TokensAsync();
        await (await Service().RefreshAsync(replacements[1].RefreshToken)).ProblemAsync(HttpStatusCode.Unauthorized);

        HttpClient Service()
        {
            var client = host.Visitor();
            client.DefaultRequestHeaders.Add("dapr-caller-app-id", "web");
            return client;
        }
    }

    [Theory]
    [InlineData("""{}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"email":"ada@example.com"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"email":"ada@example.com","password":"correct horse","refreshToken":"x"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"refreshToken":"x"}""", HttpStatusCode.Unauthorized)]
    [InlineData("""{"refreshToken":"AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}""", HttpStatusCode.Unauthorized)]
    [InlineData("""{"refreshToken":7}""", HttpStatusCode.BadRequest)]
    public async Task Anything_else_is_refused(string body, HttpStatusCode expected) => await
        (await host.Visitor().PostAsync("/api/members/token", new StringContent(body, System.Text.Encoding.UTF8, "application/json")))
        .ProblemAsync(expected);

    [Theory]
    [InlineData("""{}""", "email", "password")]
    [InlineData("""{"email":"ada@example.com"}""", "password")]
    [InlineData("""{"email":"ada@example.com","password":"correct horse","refreshToken":"x"}""", "refreshToken")]
    public async Task What_is_missing_is_named(string body, params string[] fields)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await host.Visitor().PostAsync("/api/members/token", content);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(fields, problem.GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }

    private static Passwords Hashing(params (string Key, string Value)[] settings) => new(new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build());

    private static byte[] Decode(string part) => System.Buffers.Text.Base64Url.DecodeFromChars(part);
}
