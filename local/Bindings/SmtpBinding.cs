using System.Globalization;
using System.Text;
using System.Text.Json;
using DaprShop.Local.Configuration;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace DaprShop.Local.Bindings;

/// <summary><c>bindings.smtp</c>: https://docs.dapr.io/reference/components-reference/supported-bindings/smtp/</summary>
internal sealed class SmtpBinding : IOutputBinding
{
    private static readonly string[] s_fields = ["emailFrom", "emailTo", "emailCC", "emailBCC", "subject", "priority"];
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly string _host;
    private readonly int _port;
    private readonly string? _user;
    private readonly string? _password;
    private readonly bool _trustsAnyone;
    private readonly Dictionary<string, string> _defaults;

    public SmtpBinding(ComponentSettings settings)
    {
        _host = settings.Text("host") ?? throw settings.Error("host is missing");
        _port = settings.Number("port") ?? throw settings.Error("port is missing");
        (_user, _password) = (settings.Text("user"), settings.Text("password"));
        if (_user is null != _password is null) throw settings.Error("user and password go together");
        _trustsAnyone = settings.Flag("skipTLSVerify");
        _defaults = s_fields.Where(field => settings.Text(field) is not null).ToDictionary(field => field, field => settings.Text(field)!);
    }

    public IReadOnlyList<string> Operations { get; } = ["create"];

    public async Task<BindingAnswer> InvokeAsync(BindingCall call, CancellationToken cancellation)
    {
        using var message = MessageOf(call);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(s_patience);
        using var smtp = new SmtpClient();
#pragma warning disable CA5359 // What skipTLSVerify asks for.
        if (_trustsAnyone) smtp.ServerCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        try
        {
            var security = _port == 465 ? SecureSocketOptions.SslOnConnect : SecureSocketOptions.StartTlsWhenAvailable;
            await smtp.ConnectAsync(_host, _port, security, limit.Token);
            if (_user is not null && _password is not null) await smtp.AuthenticateAsync(_user, _password, limit.Token);
            await smtp.SendAsync(message, limit.Token);
            await smtp.DisconnectAsync(quit: true, limit.Token);
            return BindingAnswer.None;
        }
        catch (Exception error) when (error is not BindingFailure && !cancellation.IsCancellationRequested)
        {
            throw new BindingFailure($"error from smtp binding, sending email failed: {error.Message}");
        }
    }

    private MimeMessage MessageOf(BindingCall call)
    {
        string? Field(string name) =>
            call.Metadata.GetValueOrDefault(name) is { Length: > 0 } own ? own : _defaults.GetValueOrDefault(name);
        string Required(string name) => Field(name)
            ?? throw new BindingFailure($"smtp binding error: {name} property not supplied in configuration- or request-metadata");

        var message = new MimeMessage();
        try
        {
            message.From.Add(MailboxAddress.Parse(Required("emailFrom")));
            message.To.AddRange(Addresses(Required("emailTo")));
            message.Cc.AddRange(Addresses(Field("emailCC")));
            message.Bcc.AddRange(Addresses(Field("emailBCC")));
        }
        catch (ParseException error)
        {
            throw new BindingFailure($"error from smtp binding, sending email failed: {error.Message}");
        }
        message.Subject = Required("subject");
        message.Headers.Add("X-priority", PriorityOf(Field("priority")).ToString(CultureInfo.InvariantCulture));
        message.Body = new TextPart("html") { Text = TextOf(call.Data.Span) };
        return message;
    }

    private static IEnumerable<MailboxAddress> Addresses(string? list) =>
        (list ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(MailboxAddress.Parse);

    private static int PriorityOf(string? text) => text is null ? 3
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var priority) && priority is >= 1 and <= 5 ? priority
        : throw new BindingFailure("smtp binding error:  priority value must be between 1 (highest) and 5 (lowest)");

    /// <summary>Over HTTP the data is JSON: a text is the body itself.</summary>
    private static string TextOf(ReadOnlySpan<byte> data)
    {
        try
        {
            return data is [(byte)'"', ..] ? JsonSerializer.Deserialize<string>(data)! : Encoding.UTF8.GetString(data);
        }
        catch (JsonException)
        {
            return Encoding.UTF8.GetString(data);
        }
    }
}
