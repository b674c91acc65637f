const OURS = {'connection': true, 'content-length': true, 'transfer-encoding': true};

// The text with the member as its last one; null if it is no JSON object or has the member.
function inserted(text, value) {
    let parsed;
    try {
        parsed = JSON.parse(text);
    } catch (e) {
        return null;
    }
    const object = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
    if (!object || 'forwarded' in parsed) {
        return null;
    }
    const comma = Object.keys(parsed).length > 0 ? ',' : '';
    const end = text.lastIndexOf('}');
    return `${text.substring(0, end)}${comma}"forwarded":${JSON.stringify(value)}${text.substring(end)}`;
}

function forward(r) {
    const sent = r.requestText;
    const body = sent && inserted(sent, r.variables.forwarded) || sent;
    r.subrequest('/upstream', {method: r.method, body: body}, answer => {
        for (const name in answer.headersOut) {
            if (!OURS[name.toLowerCase()]) {
                r.headersOut[name] = answer.headersOut[name];
            }
        }
        r.return(answer.status, answer.responseBuffer);
    });
}

export default {forward};
